/* rpm's database in SQLite: the table Packages has a blob for each package. It is read from
 * memory by SQLite itself, told not to trust it. */
#include <sqlite3.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/stop.h"
#include "package/rpm.h"

/* Where the file says which version of SQLite's format reads it: 2 is one with a log
 * beside it, which there is none of in memory. The form is the same. */
#define AT_VERSIONS   18
#define VERSION_PLAIN 1

/* Larger ones are no headers. */
#define MOST_BLOB (64 << 20)
/* A package takes a dozen steps: so many do not read a million of them. */
#define STEPS_A_CALL 1000
#define MOST_CALLS   100000

struct reading {
	struct lam_package_reading *r;
	unsigned calls;
};

static int goes_on(void *context)
{
	struct reading *reading = context;

	return lam_stops(reading->r->stop, 0) || ++reading->calls > MOST_CALLS;
}

static void close_database(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

static void finalize(sqlite3_stmt **statement)
{
	(void)sqlite3_finalize(*statement);
}

static int fail(sqlite3 *db, const struct reading *reading, int code,
		struct lam_error *err)
{
	const char *why = db && code != SQLITE_INTERRUPT ? sqlite3_errmsg(db)
							 : sqlite3_errstr(code);
	char shown[LAM_PATH_TEXT];

	if (lam_stops(reading->r->stop, 0))
		return lam_fail_stopped(err);
	if (code == SQLITE_NOMEM)
		return lam_fail_memory(err);
	/* it may hold names of the database's */
	return lam_fail(err, LAM_EFORMAT, "SQLite cannot read it: %s",
			lam_path_text(shown, why, strlen(why), false));
}

/* The database owns the copy, also after a failure. */
static int load(sqlite3 *db, const char *bytes, size_t len)
{
	unsigned char *copy = sqlite3_malloc64(len);

	if (!copy)
		return SQLITE_NOMEM;
	memcpy(copy, bytes, len);
	memset(copy + AT_VERSIONS, VERSION_PLAIN, 2);
	return sqlite3_deserialize(
		db, "main", copy, (sqlite3_int64)len, (sqlite3_int64)len,
		SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY);
}

static int open_database(sqlite3 **out, struct reading *reading, const char *bytes,
			 size_t len)
{
	int code = sqlite3_open_v2(
		":memory:", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_limit(*out, SQLITE_LIMIT_LENGTH, MOST_BLOB);
	(void)sqlite3_limit(*out, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(*out, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_progress_handler(*out, STEPS_A_CALL, goes_on, reading);
	return load(*out, bytes, len);
}

static int take_rows(sqlite3_stmt *rows, struct reading *reading, int *out_code,
		     struct lam_error *err)
{
	while ((*out_code = sqlite3_step(rows)) == SQLITE_ROW) {
		const void *blob = sqlite3_column_blob(rows, 0);
		size_t len = (size_t)sqlite3_column_bytes(rows, 0);

		if (len > reading->r->left)
			return lam_fail(err, LAM_EFORMAT,
					"is larger than a database can be");
		reading->r->left -= len;
		if (lam_rpm_take_header(reading->r, blob ? blob : "", len, err) < 0)
			return err->code;
	}
	return 0;
}

/* Rows as they are stored: a view, or a column that is computed, may take any time, memory and
 * disk for each. */
static int check_table(sqlite3 *db, struct reading *reading, struct lam_error *err)
{
	static const char QUERY[] = "SELECT sum(pk = 1) = 1 AND max(hidden) = 0 "
				    "FROM pragma_table_xinfo('Packages')";
	LAM_CLEANUP(finalize) sqlite3_stmt *row = NULL;
	int code = sqlite3_prepare_v2(db, QUERY, sizeof QUERY, &row, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	if (code != SQLITE_ROW)
		return fail(db, reading, code, err);
	return sqlite3_column_int(row, 0)
		       ? 0
		       : lam_fail(err, LAM_EFORMAT, "its Packages is no plain table");
}

int lam_rpm_read_sqlite(struct lam_package_reading *r, const char *bytes, size_t len,
			struct lam_error *err)
{
	/* by the row's number, which is hnum; sorted, all rows would be held */
	static const char QUERY[] = "SELECT blob FROM Packages NOT INDEXED";
	LAM_CLEANUP(close_database) sqlite3 *db = NULL;
	LAM_CLEANUP(finalize) sqlite3_stmt *rows = NULL;
	struct reading reading = { .r = r };
	int code;

	if (len < AT_VERSIONS + 2)
		return lam_fail(err, LAM_EFORMAT, "is no SQLite database");
	code = open_database(&db, &reading, bytes, len);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, QUERY, sizeof QUERY, &rows, NULL);
	if (code != SQLITE_OK)
		return fail(db, &reading, code, err);
	if (check_table(db, &reading, err) < 0 ||
	    take_rows(rows, &reading, &code, err) < 0)
		return err->code;
	return code == SQLITE_DONE ? 0 : fail(db, &reading, code, err);
}
