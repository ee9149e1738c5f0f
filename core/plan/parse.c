#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/spelling.h"
#include "plan/reader.h"
#include "plan/rule.h"

/* source */

static void read_source_paths(struct lam_reader *r, const struct lam_json *value)
{
	if (!value || !lam_reader_expect(r, value, LAM_JSON_ARRAY, "a list of names"))
		return;
	r->plan->source_paths = lam_reader_allocate(r, lam_json_count(value),
						    sizeof *r->plan->source_paths);
	for (const struct lam_json *v = lam_json_first(value); v && r->plan->source_paths;
	     v = lam_json_next(v))
		lam_reader_copy(r, &r->plan->source_paths[r->plan->source_path_count++],
				v);
}

static void read_source(struct lam_reader *r, const struct lam_json *value)
{
	static const char *const names[] = { "reference", "manifest", "paths", "note" };
	const struct lam_json *f[LAM_MOST_FIELDS];

	if (!value || !lam_reader_fields(r, value, LAM_FIELDS(names), f))
		return;
	lam_reader_copy(r, &r->plan->source_reference, f[0]);
	lam_reader_copy(r, &r->plan->source_manifest, f[1]);
	read_source_paths(r, f[2]);
	lam_reader_copy(r, &r->plan->source_note, f[3]);
}

/* assign */

static void read_pattern(struct lam_reader *r, const struct lam_json *value,
			 enum lam_rule_kind kind, struct lam_plan_rule *rule)
{
	const char *text = lam_reader_text(r, value);
	struct lam_error why;

	rule->kind = kind;
	if (text && lam_rule_kinds[kind].set(rule, text, &why) < 0)
		lam_reader_complain_of(r, value, &why);
}

static void complain_of_layer(struct lam_reader *r, const struct lam_json *value,
			      const char *name)
{
	char shown[LAM_PATH_TEXT], hint[LAM_HINT_TEXT];
	struct lam_near near;

	lam_near_init(&near, name, strlen(name));
	for (uint32_t i = 0; i < r->names.count && r->fault_count < LAM_MOST_FAULTS;
	     i++) {
		size_t len;
		const char *known = lam_names_get(&r->names, i, &len);

		lam_near_try(&near, known, len);
	}
	lam_reader_complain(r, value, "no layer \"%s\"%s",
			    lam_path_text(shown, name, strlen(name), false),
			    lam_reader_hint(&near, hint));
}

static void read_to(struct lam_reader *r, const struct lam_json *object,
		    const struct lam_json *value, struct lam_plan_rule *rule)
{
	if (!value) {
		lam_reader_complain(
			r, object,
			"\"to\" is missing: the name of a layer, or null to leave the path out");
		return;
	}
	if (lam_json_type(value) == LAM_JSON_NULL ||
	    !lam_reader_expect(r, value, LAM_JSON_STRING, "the name of a layer, or null"))
		return;
	lam_reader_copy(r, &rule->to, value);
	if (rule->to && r->names_known &&
	    lam_names_find(&r->names, rule->to, strlen(rule->to)) == UINT32_MAX)
		complain_of_layer(r, value, rule->to);
}

static void read_rule(struct lam_reader *r, const struct lam_json *object,
		      struct lam_plan_rule *rule)
{
	static const char *const names[] = { "path", "glob", "to", "note" };
	const struct lam_json *f[LAM_MOST_FIELDS];

	if (!lam_reader_fields(r, object, LAM_FIELDS(names), f))
		return;
	if (f[0] && f[1])
		lam_reader_complain(r, object, "has both \"path\" and \"glob\"");
	else if (!f[0] && !f[1])
		lam_reader_complain(r, object, "needs \"path\" or \"glob\"");
	else if (f[0])
		read_pattern(r, f[0], LAM_RULE_PATH, rule);
	else
		read_pattern(r, f[1], LAM_RULE_GLOB, rule);
	read_to(r, object, f[2], rule);
	lam_reader_copy(r, &rule->note, f[3]);
}

static void read_rules(struct lam_reader *r, const struct lam_json *value)
{
	struct lam_plan *plan = r->plan;

	if (!value || !lam_reader_expect(r, value, LAM_JSON_ARRAY, "a list of rules"))
		return;
	plan->rules = lam_reader_allocate(r, lam_json_count(value), sizeof *plan->rules);
	for (const struct lam_json *v = lam_json_first(value); v && !r->failed;
	     v = lam_json_next(v))
		read_rule(r, v, &plan->rules[plan->rule_count++]);
}

/* The plan */

static const struct lam_json *find_member(const struct lam_json *object, const char *key)
{
	for (const struct lam_json *m = lam_json_first(object); m; m = lam_json_next(m)) {
		if (strcmp(lam_json_key(m), key) == 0)
			return m;
	}
	return NULL;
}

/* False where the rest is not for this reader. */
static bool check_version(struct lam_reader *r, const struct lam_json *root)
{
	const struct lam_json *value = find_member(root, "lamina");
	struct lam_error why;
	int64_t version = 0;

	if (!value) {
		lam_reader_complain(r, root,
				    "\"lamina\" is missing: a plan has \"lamina\": 1");
		return true;
	}
	if (lam_json_type(value) == LAM_JSON_NUMBER &&
	    lam_json_int(r->doc, value, &version, &why) == 0 && version > 1) {
		lam_reader_complain(
			r, value,
			"written by a newer lamina: version %lld of plans, and this one reads version 1",
			(long long)version);
		return false;
	}
	if (version != 1)
		lam_reader_complain(r, value, "expected 1, the version of plans");
	return true;
}

static void read_plan(struct lam_reader *r)
{
	static const char *const names[] = { "lamina", "note",   "source",
					     "layers", "assign", "compression" };
	const struct lam_json *root = lam_doc_root(r->doc), *f[LAM_MOST_FIELDS];

	if (!lam_reader_expect(r, root, LAM_JSON_OBJECT, "a plan, which is an object") ||
	    !check_version(r, root) || !lam_reader_fields(r, root, LAM_FIELDS(names), f))
		return;
	lam_reader_copy(r, &r->plan->note, f[1]);
	read_source(r, f[2]);
	lam_plan_read_layers(r, root, f[3]);
	read_rules(r, f[4]);
	lam_reader_compression(r, f[5], &r->plan->has_compression, &r->plan->compression);
}

/* Hands the lines over; errors may be NULL. */
static int report(struct lam_reader *r, struct lam_plan_errors *errors)
{
	size_t more = r->fault_total - r->fault_count,
	       count = r->fault_count + (more > 0);
	char **lines;

	if (!errors)
		return lam_fail(r->err, LAM_EPLAN, "%s", r->faults[0].line);
	lines = realloc(errors->lines, (errors->count + count) * sizeof *lines);
	if (!lines)
		return lam_fail_memory(r->err);
	errors->lines = lines;
	for (size_t i = 0; i < r->fault_count; i++)
		lines[errors->count + i] = LAM_STEAL(r->faults[i].line);
	errors->count += r->fault_count;
	if (more) {
		LAM_CLEANUP(lam_buf_fini) struct lam_buf line = LAM_BUF(SIZE_MAX / 2);

		if (lam_buf_printf(&line, r->err, "%s: %zu more errors",
				   lam_doc_name(r->doc), more) < 0)
			return r->err->code;
		lines[errors->count++] = LAM_STEAL(line.data);
	}
	return lam_fail(r->err, LAM_EPLAN, "%s", lines[errors->count - count]);
}

static void reader_fini(struct lam_reader *r)
{
	for (size_t i = 0; i < r->fault_count; i++)
		free(r->faults[i].line);
	free(r->faults);
	free(r->owners);
	lam_names_fini(&r->names);
	lam_plan_free(r->plan);
}

static int parse(struct lam_plan **out, const struct lam_doc *doc,
		 struct lam_plan_errors *errors, struct lam_error *err)
{
	struct lam_reader r = { .doc = doc, .err = err };
	int code = 0;

	r.plan = lam_reader_allocate(&r, 1, sizeof *r.plan);
	r.owners = lam_reader_allocate(&r, LAM_MAX_LAYERS, sizeof *r.owners);
	if (r.plan && r.owners) {
		memset(r.owners, 0xff, LAM_MAX_LAYERS * sizeof *r.owners);
		read_plan(&r);
	}
	if (r.failed)
		code = err->code;
	else if (r.fault_total)
		code = report(&r, errors);
	else
		*out = LAM_STEAL(r.plan);
	reader_fini(&r);
	return code;
}

/* Bad JSON is one error, and a plan's like the others. */
static int report_syntax(struct lam_plan_errors *errors, struct lam_error *err)
{
	char **lines;

	if (err->code == LAM_ENOMEM)
		return err->code;
	err->code = LAM_EPLAN;
	if (!errors)
		return err->code;
	lines = realloc(errors->lines, (errors->count + 1) * sizeof *lines);
	if (!lines)
		return lam_fail_memory(err);
	errors->lines = lines;
	lines[errors->count] = strdup(err->text);
	if (!lines[errors->count])
		return lam_fail_memory(err);
	errors->count++;
	return err->code;
}

int lam_plan_parse(struct lam_plan **out, const char *bytes, size_t len, const char *name,
		   struct lam_plan_errors *errors, struct lam_error *err)
{
	struct lam_doc *doc = NULL;
	int code;

	*out = NULL;
	if (len > LAM_MAX_PLAN)
		code = lam_fail(err, LAM_EPLAN, "%s: a plan has at most %u bytes", name,
				LAM_MAX_PLAN);
	else
		code = lam_doc_parse(&doc, bytes, len, name, err);
	if (code < 0)
		return report_syntax(errors, err);
	code = parse(out, doc, errors, err);
	lam_doc_free(doc);
	return code;
}
