/* Notes: the kinds of what can be odd, and a bounded list of what was. */
#include "layer/note.h"

#include <stdlib.h>
#include <string.h>

#include <lamina/path.h>

#include "base/limits.h"
#include "base/memory.h"

static const struct {
	const char *name, *text;
} ODDITIES[LAM_ODD_COUNT] = {
	[LAM_ODD_CLAMPED] = { "above-root",
			      "its name climbs above the root with \"..\"; read as a name below the root" },
	[LAM_ODD_THROUGH_LINK] = { "through-symlink",
				   "stands below a symlink of its own layer; read at the link's target, as containerd "
				   "does; Docker and Podman fail where the target is not in this layer" },
	[LAM_ODD_DUPLICATE] = { "duplicate",
				"stands twice in its layer; the last entry is read; Docker and Podman refuse such a "
				"layer" },
	[LAM_ODD_CHILD_OF_FILE] = { "child-of-file",
				    "stands below something of its own layer that is no directory; left out, as "
				    "unpackers fail there" },
	[LAM_ODD_WH_INVALID] = { "whiteout-invalid",
				 "a whiteout that names nothing; left out; unpackers fail there" },
	[LAM_ODD_WH_RESERVED] = { "whiteout-reserved",
				  "a reserved name (AUFS); left out" },
	[LAM_ODD_WH_AND_ENTRY] = { "whiteout-and-entry",
				   "deleted and stored in one layer; what is stored is read, above nothing; "
				   "runtimes differ by the order in the tar, or fail" },
	[LAM_ODD_OPAQUE_ROOT] = { "opaque-root",
				  "an opaque marker for the root; without effect, as on overlayfs; umoci and plain "
				  "folders hide everything below" },
	[LAM_ODD_DEVICE_0] = { "device-0-0",
			       "a character device 0:0; overlayfs takes it for a whiteout, and so it is read; plain "
			       "folders show a device" },
	[LAM_ODD_UNKNOWN] = { "unknown-type",
			      "an entry of a type that nobody knows; left out; runtimes refuse the layer" },
	[LAM_ODD_GLOBAL] = { "global-header",
			     "a global PAX header; without effect; umoci fails, containerd and Podman make an "
			     "empty folder for it" },
	[LAM_ODD_CONTIGUOUS] = { "contiguous",
				 "a contiguous file (type 7); read as a file; runtimes refuse the layer" },
	[LAM_ODD_SPARSE] = { "sparse",
			     "a sparse file; read with its holes as zeros; runtimes refuse old GNU sparse files" },
	[LAM_ODD_LINK_METADATA] = { "link-metadata",
				    "a hard link with another owner, mode or time than its file; the link's counts for "
				    "both; umoci takes the file's" },
	[LAM_ODD_LINK_DIRECTORY] = { "link-to-directory",
				     "a hard link to a directory; left out, as unpackers fail there" },
	[LAM_ODD_XATTR_OVERLAY] = { "overlay-attribute",
				    "an attribute of overlayfs itself; left out" },
	[LAM_ODD_XATTR_USER] = { "user-attribute",
				 "a user.* attribute on something that cannot have one; left out; umoci and Podman "
				 "fail there" },
	[LAM_ODD_XATTR_TRUSTED] = { "trusted-attribute",
				    "a trusted.* attribute; containerd leaves it out" },
	[LAM_ODD_XATTR_SELINUX] = { "selinux-attribute",
				    "a SELinux label in the layer; Podman and umoci leave it out" },
	[LAM_ODD_BEFORE_1970] = { "before-1970",
				  "a time before 1970; it is kept, and umoci sets it; Docker, containerd and Podman "
				  "set 1970" },
	[LAM_ODD_ROOT] = { "root-entry",
			   "sets owner or mode of the root; it is kept, and umoci sets it; on overlayfs the root "
			   "is the runtime's" },
	[LAM_ODD_LINK_LOOP] = { "symlink-loop",
				"stands below a symlink that leads in a circle; left out, as unpackers fail there" },
	[LAM_ODD_NAME_LONG] = { "long-name",
				"a name of more than 255 bytes; Linux cannot unpack it" },
	[LAM_ODD_WH_NESTED] = { "whiteout-nested",
				"a whiteout inside of a directory that the same layer deletes; without effect; "
				"some runtimes fail there or keep an empty directory" },
	[LAM_ODD_TRAILER] = { "trailer",
			      "bytes stand behind the end of the tar; without meaning, and kept only where the "
			      "layer is" },
	[LAM_ODD_IMPLIED_OVER] = { "implied-parent",
				   "a directory that this layer names only in longer paths; it keeps what lower layers say of it, as "
				   "containerd and umoci do; Docker and Podman make it 0755 0:0" },
	[LAM_ODD_DIRECTORY_OVER] = { "below-non-directory",
				     "stands where lower layers have a file or symlink, and this layer names only paths below it; read as a "
				     "new directory, as on overlayfs; umoci and plain folders follow a symlink, and fail at a file" },
	[LAM_ODD_LINK_BELOW] = { "link-to-lower-layer",
				 "a hard link to a file of a lower layer; read as one more name of it, as umoci does; overlayfs "
				 "runtimes fail there" },
	[LAM_ODD_LINK_NOWHERE] = { "link-to-nothing",
				   "a hard link to something that does not exist; left out, as unpackers fail there" },
	[LAM_ODD_WH_THEN_DIR] = { "whiteout-then-directory",
				  "deleted and then stored as a directory, in one layer; the deletion is without effect, as on "
				  "overlayfs, where lower layers show through; umoci, plain folders and the specification hide "
				  "them" },
	[LAM_ODD_WH_TWICE] = { "whiteout-twice",
			       "deleted twice in one layer; Docker, containerd and Podman fail there" },
	[LAM_ODD_OVERLAY_OPAQUE] = { "overlay-opaque",
				     "the attribute trusted.overlay.opaque; left out; Docker and Podman hide the lower "
				     "directory, containerd and umoci show it" },
	[LAM_ODD_XATTR_EMPTY] = { "empty-attribute",
				  "an attribute without a value; it is kept, as by containerd; umoci, buildah, Docker and "
				  "Podman leave it out" },
	[LAM_ODD_AFTER_2262] = { "after-2262",
				 "a time after 2262-04-11; it is kept; umoci sets another" },
	[LAM_ODD_PATH_EMPTY] = { "empty-path",
				 "a PAX header with an empty path or link target; the name of the header itself is "
				 "read, as by Go; other readers may take none" },
	[LAM_ODD_ROOT_KIND] = { "root-kind",
				"an entry that puts something that is no directory in the place of the root; left "
				"out" },
	[LAM_ODD_HEADER_TWICE] = { "repeated-header",
				   "extended headers that say something of it twice; the last PAX header and the last record "
				   "are read, and GNU's name before PAX's, as by Docker, containerd, Podman and umoci; other "
				   "readers take others" },
	[LAM_ODD_GZIP_NAME] = { "gzip-name",
				"a gzip header with a name or comment of more than 511 bytes; Docker, containerd, Podman and "
				"umoci refuse it" },
	[LAM_ODD_WINDOW_256] = { "window-256",
				 "zstd with a window of more than 128 MiB: who reads it needs 256 MiB of memory for it" },
	[LAM_ODD_WINDOW_512] = { "window-512",
				 "zstd with a window of more than 256 MiB: who reads it needs 512 MiB of memory for it" },
	[LAM_ODD_LINK_THROUGH] = { "link-through-symlink",
				   "a hard link to a file of its own layer, through a symlink of a lower one; made, as "
				   "umoci does; overlayfs runtimes fail there" },
	[LAM_ODD_WH_LISTED] = { "whiteout-listed",
				"a whiteout in a directory that no lower layer shows; without effect; overlayfs lists its "
				"name, and nothing can be done with it" },
	[LAM_ODD_IMPLIED_IN_OPAQUE] = { "implied-in-opaque",
					"a directory that this layer names only in longer paths, where it hides the lower "
					"one; read as 0755 0:0; containerd gives it what lower layers say of it" },
	[LAM_ODD_XATTR_LOWER] = { "lower-attribute",
				  "a directory without an attribute that it has in lower layers; read without it, as on "
				  "overlayfs and by umoci; the vfs folders of Docker and Podman keep it" },
	[LAM_ODD_MEDIA_TYPE] = { "media-type",
				 "its media type says another compression than it has; read as it "
				 "is; some runtimes refuse it" },
	[LAM_ODD_HISTORY] = { "history",
			      "the history has not one entry for each layer: none is shown; kept as it is" },
	[LAM_ODD_NO_HISTORY] = { "no-history",
				 "the config has no history; builds upon it fail in older Podman and Buildah at their second "
				 "layer, and have none either in newer ones" },
	[LAM_ODD_MANY_LAYERS] = { "many-layers",
				  "more than 125 layers: Docker takes no more; Podman takes 128, containerd some 500" },
	[LAM_ODD_CREATED] = { "created",
			      "the config says a time of creation that is none; Docker, containerd, Podman and umoci refuse "
			      "the image; a config that is written anew is without it" },
	[LAM_ODD_DATA] = { "embedded-data",
			   "a descriptor carries data that is not its blob; the blob is read, as by Docker, containerd and "
			   "Podman; who takes the data instead refuses it" },
	[LAM_ODD_SHA512] = { "sha512",
			     "the manifest, the config or a layer is named by SHA-512; it is read and kept so; umoci "
			     "refuses such names, and skopeo and Podman take the blob for a damaged one; what is written "
			     "anew is named by SHA-256" },
	[LAM_ODD_FOREIGN] = { "foreign",
			      "a foreign layer, whose blob is not here but where its URLs say; nothing of it is shown, and "
			      "it is kept or nothing is written: copy the image again, with its foreign layers" },
};

const char *lam_odd_name(enum lam_odd odd)
{
	return ODDITIES[odd].name;
}

const char *lam_odd_text(enum lam_odd odd)
{
	return ODDITIES[odd].text;
}

enum lam_odd lam_odd_find(const char *name)
{
	int odd = 0;

	while (odd < LAM_ODD_COUNT && strcmp(ODDITIES[odd].name, name) != 0)
		odd++;
	return (enum lam_odd)odd;
}

void lam_notes_fini(struct lam_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free((char *)(uintptr_t)notes->items[i].path);
	free(notes->items);
	*notes = (struct lam_notes){ 0 };
}

/* The path, a new string, becomes the list's. */
static void keep(struct lam_notes *notes, struct lam_note note)
{
	LAM_XGROW(notes->items, notes->count, notes->cap);
	notes->items[notes->count++] = note;
}

void lam_notes_add(struct lam_notes *notes, enum lam_odd odd, uint32_t layer,
		   const char *path, size_t path_len)
{
	struct lam_note note = { .rule = lam_odd_name(odd),
				 .layer = layer,
				 .text = lam_odd_text(odd) };

	notes->total++;
	if (notes->count >= LAM_MAX_NOTES)
		return;
	if (path) {
		char *text = lam_path_escape(path, path_len);

		note.path = lam_xprintf("/%s", text);
		free(text);
	}
	keep(notes, note);
}

void lam_notes_append(struct lam_notes *notes, const struct lam_notes *more)
{
	for (size_t i = 0; i < more->count && notes->count < LAM_MAX_NOTES; i++) {
		struct lam_note note = more->items[i];

		note.path = lam_xcopy(note.path);
		keep(notes, note);
	}
	notes->total += more->total;
}
