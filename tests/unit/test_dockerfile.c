/* Dockerfiles as plans: what BuildKit's grammar documents, and what cannot be a plan. */
#include <stdio.h>
#include <time.h>

#include <lamina/plan.h>

#include "image_build.h"
#include "plan/dockerfile.h"
#include "unit.h"

static struct lam_error err;

static const struct image_entry all[] = {
	{ "etc/passwd", .body = "root" }, { "usr/bin/sh", .size = 10 },
	{ "usr/lib/a.so", .size = 10 },   { "usr/lib/b c", .size = 10 },
	{ "opt/app/x.py", .size = 10 },   { "opt/app/x.js", .size = 10 },
	{ "opt/app/lib/y", .size = 10 },  { "bin", 'l', .target = "usr/bin" },
	{ "srv/[x]", .size = 5 },         { "boot/k", .size = 5 },
};
static const struct image_layer layers[] = { IMAGE_LAYER(all) };

/* What is wrong, or else the layers ("a* b", * has the rest) and the rules, then notes. */
static void describe(const struct lam_image *image, const char *text, const char *target,
		     struct lam_buf *out)
{
	const struct lam_dockerfile_request request = {
		.text = text, .len = strlen(text), .name = "D", .target = target
	};
	struct lam_plan_errors errors = { 0 }, notes = { 0 };
	struct lam_plan *plan;
	int code =
		lam_plan_from_dockerfile(&plan, image, &request, &errors, &notes, &err);

	assert_int_equal(code<0, errors.count> 0);
	for (size_t i = 0; i < errors.count; i++)
		lam_text_printf(out, "%s\n", errors.lines[i]);
	for (size_t i = 0; plan && i < plan->layer_count; i++)
		lam_text_printf(out, "%s%s%s", i ? " " : "", plan->layers[i].name,
				plan->layers[i].rest ? "*" : "");
	for (size_t i = 0; plan && i < plan->rule_count; i++)
		lam_text_printf(out, "\n%s > %s", plan->rules[i].pattern,
				plan->rules[i].to ? plan->rules[i].to : "-");
	for (size_t i = 0; plan && i < notes.count; i++)
		lam_text_printf(out, "\n%s", notes.lines[i]);
	lam_plan_errors_fini(&errors);
	lam_plan_errors_fini(&notes);
	lam_plan_free(plan);
}

#define B          "FROM x AS base\n"
#define S          B "FROM scratch\n"
#define C          "COPY --from=base "
#define ALL        S C "/ /\n"
#define NOTE(line) "\nD:" line ": the image is taken for \"base\""
#define TAKEN(member)                                               \
	" is not taken, and the image's own stays: write \"" member \
	"\" into the plan's \"config\" to change that"

struct told {
	const char *text, *want;
};

static const struct told CASES[] = {
	/* the two that it began with */
	{ S C "--exclude=/opt / /\n" C "/opt /opt\n",
	  "rest* opt\n/opt > -\n/opt > opt" NOTE("3") },
	{ S C "/usr /usr\n" C "/opt /opt\n" C "/bin /bin\n",
	  "usr* opt bin\n/ > -\n/usr > usr\n/opt > opt\n/bin > bin" NOTE(
		  "3") "\nD: no line takes /boot, /etc, /srv: left out of the image" },
	/* the last line wins, whatever was said before all */
	{ S C "/opt /opt\n" C "/ /\n" C "/etc /etc/\n",
	  "opt rest* etc\n/etc > etc" NOTE("3") },
	/* directives, comments, continuation, empty lines in it, DOS line ends */
	{ "# syntax=x\n# escape=`\n" S "COPY --from=base `\n  # no\n\n /opt `  \n /opt\n",
	  "opt*\n/ > -\n/opt > opt" NOTE(
		  "5") "\nD: no line takes /bin, /boot, /etc, /srv, "
		       "/usr: left out of the image" },
	{ "\xef\xbb\xbf" B "\r\nfrom scratch\r\n  copy --from=BASE / /\r\n",
	  "rest*\nD:4: the image is taken for \"base\"" },
	{ "# a comment\n# escape=`\n" S C "\\\n/ /\n", "rest*" NOTE("5") },
	/* JSON, several sources, words with blanks */
	{ ALL "COPY --from=base [\"/usr/lib/b c\", \"/usr/lib/\"]\n",
	  "rest* b c\n/usr/lib/b c > b c" NOTE("3") },
	{ ALL C "/opt /usr /\n", "rest* opt\n/opt > opt\n/usr > opt" NOTE("3") },
	{ ALL C "opt/./app/ ./opt//app\n", "rest* app\n/opt/app > app" NOTE("3") },
	/* variables */
	{ "ARG G=/opt\nARG H=no\n" S "ARG G\nARG A=$G/app\nARG H=\n" C
	  "${A} ${N:-$A}${H}${H:+no}\n" C "${N-/etc} ${G:+/etc}\n",
	  "app* etc\n/ > -\n/opt/app > app\n/etc > etc" NOTE(
		  "8") "\nD: no line takes /bin, /boot, /srv, /usr: left out of the image" },
	{ ALL "ENV D=/opt\nARG D=/no\nWORKDIR $D\n" C "/opt/app app\n",
	  "rest* app\n/opt/app > app" NOTE("3") "\nD:4: ENV" TAKEN(
		  "env") "\nD:6: WORKDIR" TAKEN("workdir") },
	{ ALL C "'/usr'\"/li\"b /us\\r/lib\n", "rest* lib\n/usr/lib > lib" NOTE("3") },
	/* wildcards by filepath.Match */
	{ ALL C "/usr/lib/**.so /usr/lib/\n",
	  "rest* lib\n/usr/lib/*.so > lib" NOTE("3") },
	{ ALL C "/usr/lib/[^a-c!]?{,} /usr/lib\n",
	  "rest* lib\n/usr/lib/[!a-c\\!]?\\{\\,\\} > lib" NOTE("3") },
	{ ALL C "/srv/\\[x\\] /srv\n", "rest* [x]\n/srv/[x] > [x]" NOTE("3") },
	{ ALL C "/srv/[[]x] /srv\n", "rest* srv\n/srv/[\\[]x\\] > srv" NOTE("3") },
	/* what lines leave to those before */
	{ S C "/usr /usr\n" C "/usr/lib /usr/lib\n" C "--exclude=/usr / /\n" C
	      "/opt /opt",
	  "usr lib rest* opt\n/usr > usr\n/usr/lib > lib\n/opt > opt" NOTE("3") },
	{ ALL C "--exclude=lib --exclude=**/*.js /opt/app /opt/app\n",
	  "rest* app\n/opt/app > app\n/opt/app/lib > rest\n/opt/app/**/*.js > rest" NOTE(
		  "3") },
	{ ALL C "--parents --exclude=*.py /opt/./app/x.* /opt\n",
	  "rest* app\n/opt/app/x.* > app\n/opt/*.py > rest" NOTE("3") },
	{ ALL C "--parents --link /opt/**/x.* /etc/passwd /\n",
	  "rest* opt\n/opt/**/x.* > opt\n/etc/passwd > opt" NOTE("3") },
	/* other stages, whatever is in them */
	{ B "RUN <<-'EOF' cat <<B\n\tFROM scratch\n\tEOF\nCOPY x y\nB\nFROM scratch AS "
	    "t\n" C "/ /\nCMD x\n",
	  "rest*\nD:8: the image is taken for \"base\"\nD:9: CMD" TAKEN("cmd") },
	{ ALL "LABEL a=b\nUSER me\nENTRYPOINT x\nVOLUME /v\n",
	  "rest*" NOTE("3") "\nD:4: LABEL" TAKEN("labels") "\nD:5: USER" TAKEN(
		  "user") "\nD:6: ENTRYPOINT" TAKEN("entrypoint") "\nD:7: VOLUME is not "
								  "for a plan: the image's "
								  "own config stays" },
	{ S "COPY --from=0 / /\n" C "/opt /opt\n", "rest* opt\n/opt > opt" NOTE("3") },
};

static void try_all(const struct told *cases, size_t count)
{
	struct built built;

	built_open(&built, layers, 1);
	for (size_t i = 0; i < count; i++) {
		struct lam_buf out = LAM_TEXT;

		describe(built.image, cases[i].text, NULL, &out);
		if (strcmp(out.data, cases[i].want) != 0)
			fail_msg("%s\ngives\n%s\nnot\n%s", cases[i].text, out.data,
				 cases[i].want);
		lam_buf_fini(&out);
	}
	built_close(&built);
}

static void plans(void **state)
{
	(void)state;
	try_all(CASES, sizeof CASES / sizeof *CASES);
}

static const struct told FAULTS[] = {
	{ "", "D: no FROM: there is no stage to make a plan of\n" },
	{ S, "D:2: the stage copies nothing\n" },
	{ ALL "RUN x\nADD y /\nBAD\n",
	  "D:4: RUN makes what is in no image yet: a plan moves paths, and that is all\n"
	  "D:5: ADD makes what is in no image yet: a plan moves paths, and that is all\n"
	  "D:6: no instruction: BAD\n" },
	{ ALL C "/opt /x\nCOPY a b\nCOPY --from=tools /a /a\n",
	  "D:4: /opt would not come to where it was, but to /x: a plan renames nothing\n"
	  "D:5: copies from the build's context, which is in no image\n"
	  "D:6: copies from \"tools\", and line 3 from \"base\": a plan is of one image\n" },
	{ ALL "COPY --from=base <<A <<B /x/\n1\nA\nB\nRUN x\n",
	  "D:4: a heredoc makes files that are in no image\n"
	  "D:8: RUN makes what is in no image yet: a plan moves paths, and that is all\n" },
	{ ALL "COPY <<A /x\n", "D:4: a heredoc that does not end\n" },
	{ "FROM debian\nCOPY --from=x / /\n",
	  "D:1: begins with debian: a plan begins with nothing, as FROM scratch does\n" },
	{ ALL "COPY --from=base --chown=1 --chmod=2 --what /opt /opt\nCOPY x\n",
	  "D:4: --chown: a plan changes no owner and no mode\n"
	  "D:4: --chmod: a plan changes no owner and no mode\n"
	  "D:4: --what: there is no such flag of COPY for a plan\n"
	  "D:5: COPY needs a source and a destination\n" },
	{ ALL
	  "COPY --from=base --exclude /opt / /\nCOPY --from= /a /a\nCOPY --from=$S /a /a\n",
	  "D:4: --exclude needs a value: --exclude=...\n"
	  "D:5: --from needs a value: --from=...\n"
	  "D:6: --from=$S: variables are not expanded in --from\n" },
	{ ALL C "/nothing /nothing\n" C "/bin/sh /bin/sh\n",
	  "D:4: /nothing: no such path in the image\n"
	  "D:5: /bin/sh: is below a symlink; use /usr/bin/sh\n" },
	{ ALL C "/opt/../etc /etc\n" C "/usr/[z-] /usr\n" C "/*/app /opt\n" C
		"--exclude=!x /opt /opt\n",
	  "D:4: /opt/../etc: \"..\" is not taken in a path\n"
	  "D:5: /usr/[z-]: a set in brackets that is none\n"
	  "D:6: /*/app would not come to where it was, but to /opt: a plan renames "
	  "nothing\n"
	  "D:7: --exclude=!x: exceptions are not known here\n" },
	{ ALL C "$A${B %y} /x\n" C "${X\nARG Q=${Q:?}\nARG \"x\n" C "\"/a /a\n",
	  "D:4: $A${B: a ${ without its }\n"
	  "D:5: ${X: a ${ without its }\nD:5: COPY needs a source and a destination\n"
	  "D:6: ${Q:?}: Q has to be set\n"
	  "D:8: \"/a: a quote that does not end\n" },
	{ ALL C "${A%y} /x\n",
	  "D:4: ${A%y}: ${A%y} is of a kind that is not known here\n" },
	{ S C "/usr/lib/*.so /usr/lib/\n" C "--exclude=/usr/lib / /\n",
	  "D:4: excludes /usr/lib, of which line 3 takes a part by name or by a wildcard: "
	  "no rule tells which; put that line behind this one\n" },
	{ B "FROM\nFROM scratch AS \"fi nal\"\nFROM scratch AS 1st\nFROM scratch IS x\n",
	  "D:2: FROM takes an image, or IMAGE AS NAME\n"
	  "D:3: FROM takes an image, or IMAGE AS NAME\n"
	  "D:4: 1st: a stage's name begins with a letter, and has letters, digits, -, _ "
	  "and . alone\n"
	  "D:5: FROM takes an image, or IMAGE AS NAME\n" },
	{ ALL C "--parents=maybe /opt /\n" C "--link= /opt /opt\n",
	  "D:4: --parents=maybe: is true or false\nD:5: --link=: is true or false\n" },
	{ "# escape=x\n" ALL, "D:1: the escape directive is \\ or `\n" },
	{ "# escape=`\n# ESCAPE=`\n" ALL, "D:2: the escape directive is there twice\n" },
};

static void faults(void **state)
{
	(void)state;
	try_all(FAULTS, sizeof FAULTS / sizeof *FAULTS);
}

/* By name, in whatever case, or by number; of two that are called alike the last. */
static void targets(void **state)
{
	static const char text[] = B "FROM scratch AS one\n" C "/opt /opt\n"
				     "FROM scratch AS two\n" C "/ /\n"
				     "FROM scratch AS one\n" C "/etc /etc\n";
	static const struct {
		const char *target, *want;
	} cases[] = { { NULL, "etc*" }, { "ONE", "etc*" }, { "two", "rest*" },
		      { "1", "opt*" },  { "2", "rest*" },  { "none", "D: no stage" },
		      { "4", "D: no" } };
	struct built built;

	(void)state;
	built_open(&built, layers, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lam_buf out = LAM_TEXT;

		describe(built.image, text, cases[i].target, &out);
		assert_memory_equal(out.data, cases[i].want, strlen(cases[i].want));
		lam_buf_fini(&out);
	}
	built_close(&built);
}

/* What is not trusted is bounded. */
static void bounds(void **state)
{
	struct lam_buf text = LAM_TEXT, out = LAM_TEXT;
	struct built built;
	clock_t begin = clock();

	(void)state;
	built_open(&built, layers, 1);
	lam_text_puts(&text, S "ARG A=aaaaaaaaaa\n");
	for (int i = 0; i < 40; i++)
		lam_text_puts(&text, "ARG A=$A$A\n");
	describe(built.image, text.data, NULL, &out);
	assert_non_null(strstr(out.data, "is larger than"));
	lam_buf_clear(&out);
	lam_buf_clear(&text);
	lam_text_puts(&text, S);
	for (int i = 0; i < 4990; i++)
		lam_text_puts(&text, C "/opt /opt\n");
	describe(built.image, text.data, NULL, &out);
	assert_non_null(strstr(out.data, " opt-4990\n"));
	/* of the processor; each name was once looked for among all, and tried in order */
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 20);
	lam_buf_clear(&out);
	for (int i = 0; i < 20; i++)
		lam_text_puts(&text, C "/opt /opt\n");
	describe(built.image, text.data, NULL, &out);
	assert_non_null(strstr(out.data, "more than 5000 paths to copy and exclude"));
	lam_buf_fini(&out);
	lam_buf_fini(&text);
	built_close(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans),
		cmocka_unit_test(faults),
		cmocka_unit_test(targets),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
