/* How two inodes differ, and which times count. */
#include <string.h>

#include <lamina/stat.h>

static bool same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_attributes(const struct lam_stat *a, const struct lam_stat *b)
{
	if (a->attribute_count != b->attribute_count)
		return false;
	for (size_t i = 0; i < a->attribute_count; i++) {
		const struct lam_attribute *x = &a->attributes[i], *y = &b->attributes[i];

		if (!same_bytes(x->key, x->key_len, y->key, y->key_len) ||
		    !same_bytes(x->value, x->value_len, y->value, y->value_len))
			return false;
	}
	return true;
}

bool lam_clamp_is_later(struct lam_clamp clamp, int64_t s, uint32_t ns)
{
	return clamp.set && (s > clamp.at || (s == clamp.at && ns > 0));
}

void lam_clamp_time(struct lam_clamp clamp, int64_t *s, uint32_t *ns)
{
	if (!lam_clamp_is_later(clamp, *s, *ns))
		return;
	*s = clamp.at;
	*ns = 0;
}

unsigned lam_stat_compare(const struct lam_stat *a, const struct lam_stat *b)
{
	unsigned what = 0;

	if (a->kind != b->kind)
		what |= LAM_DIFF_KIND;
	if (a->mode != b->mode)
		what |= LAM_DIFF_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		what |= LAM_DIFF_OWNER;
	if (a->mtime_s != b->mtime_s || a->mtime_ns != b->mtime_ns)
		what |= LAM_DIFF_TIME;
	if (a->size != b->size)
		what |= LAM_DIFF_SIZE;
	if (memcmp(a->content, b->content, sizeof a->content) != 0)
		what |= LAM_DIFF_CONTENT;
	if (!same_bytes(a->target, a->target_len, b->target, b->target_len))
		what |= LAM_DIFF_TARGET;
	if (a->dev_major != b->dev_major || a->dev_minor != b->dev_minor)
		what |= LAM_DIFF_DEVICE;
	if (!same_attributes(a, b))
		what |= LAM_DIFF_ATTRIBUTES;
	return what;
}
