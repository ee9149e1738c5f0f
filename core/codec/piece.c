#include "codec/piece.h"

#include <pthread.h>
#include <stdlib.h>

struct lam_pieces {
	pthread_mutex_t lock;
	pthread_cond_t returned;
	struct lam_piece *free;
	size_t bytes, bytes_max; /* of input, in pieces that are out */
	size_t out, least;
};

int lam_pieces_new(struct lam_pieces **out, size_t bytes, size_t least,
		   struct lam_error *err)
{
	struct lam_pieces *p = calloc(1, sizeof *p);

	*out = NULL;
	if (!p)
		return lam_fail_memory(err);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->returned, NULL);
	p->bytes_max = bytes;
	p->least = least;
	*out = p;
	return 0;
}

static void free_piece(struct lam_piece *piece)
{
	lam_buf_fini(&piece->in);
	lam_buf_fini(&piece->out);
	free(piece);
}

void lam_pieces_free(struct lam_pieces *p)
{
	if (!p)
		return;
	while (p->free) {
		struct lam_piece *piece = p->free;

		p->free = piece->next;
		free_piece(piece);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->returned);
	free(p);
}

static bool has_room(const struct lam_pieces *p, size_t size)
{
	return p->out < p->least || p->bytes + size <= p->bytes_max;
}

static int set_up(struct lam_piece *piece, struct lam_pieces *p, size_t size,
		  struct lam_error *err)
{
	piece->pool = p;
	piece->size = size;
	piece->in.max = size;
	piece->out.max = SIZE_MAX / 2;
	lam_buf_clear(&piece->in);
	lam_buf_clear(&piece->out);
	return lam_buf_reserve(&piece->in, size, err);
}

int lam_pieces_take(struct lam_pieces *p, size_t size, bool wait, struct lam_piece **out,
		    struct lam_error *err)
{
	struct lam_piece *piece;
	bool room;

	*out = NULL;
	pthread_mutex_lock(&p->lock);
	while (!has_room(p, size) && wait)
		pthread_cond_wait(&p->returned, &p->lock);
	room = has_room(p, size);
	piece = room ? p->free : NULL;
	if (piece)
		p->free = piece->next;
	p->out += room;
	p->bytes += room ? size : 0;
	pthread_mutex_unlock(&p->lock);
	if (!room)
		return 0;
	if (!piece)
		piece = calloc(1, sizeof *piece);
	if (!piece) {
		pthread_mutex_lock(&p->lock);
		p->out--;
		p->bytes -= size;
		pthread_mutex_unlock(&p->lock);
		return lam_fail_memory(err);
	}
	if (set_up(piece, p, size, err) < 0) {
		lam_piece_give_back(piece);
		return err->code;
	}
	*out = piece;
	return 0;
}

void lam_piece_give_back(struct lam_piece *piece)
{
	struct lam_pieces *p = piece ? piece->pool : NULL;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	piece->next = p->free;
	p->free = piece;
	p->out--;
	p->bytes -= piece->size;
	pthread_cond_broadcast(&p->returned);
	pthread_mutex_unlock(&p->lock);
}
