/* Every bound on input that is not trusted, each with its reason. */
#ifndef LAM_LIMITS_H
#define LAM_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* JSON documents. Registries refuse manifests above 4 MiB (distribution-spec); containerd
 * reads no more than 20 MiB of any JSON; configs carry long histories. */
#define LAM_MAX_OCI_LAYOUT (4u << 10)
#define LAM_MAX_MANIFEST   (4u << 20)
#define LAM_MAX_CONFIG     (8u << 20)
#define LAM_MAX_INDEX      (20u << 20)
#define LAM_MAX_PLAN       (64u << 20)
/* BuildKit reads no line of more than 64 KiB; real files have some kilobytes. */
#define LAM_MAX_DOCKERFILE (1u << 20)
/* A layer's name stands in a list on the screen and in the history, and is what a file name
 * may have. */
#define LAM_MAX_PLAN_NAME 255
/* What a glob's braces stand for; real ones have some dozen. */
#define LAM_MAX_ALTERNATIVES 1000
/* A glob with its braces written out, in bytes: 1,000 alternatives of 260. Each byte costs
 * some 10 in memory. */
#define LAM_MAX_GLOB (256u << 10)
/* All globs of a plan together, the same way: 100,000 of 80. */
#define LAM_MAX_PLAN_GLOBS (8u << 20)
/* A system's whole list of authorities has 0.2 MB. */
#define LAM_MAX_CERTIFICATES (4u << 20)
/* Nesting: real documents need 6; parsers recurse. */
#define LAM_MAX_JSON_DEPTH 128
/* An index in an index: the spec allows it, nobody nests deeper than 2. */
#define LAM_MAX_INDEX_DEPTH 8
/* What one index leads to, as indexes may name each other many times: real ones have some
 * dozen platforms. */
#define LAM_MAX_INDEXES 1000u
#define LAM_MAX_IMAGES  10000u
/* Docker refuses the 126th layer ("max depth exceeded"), Podman the 129th, and containerd
 * mounts as many as the kernel takes, some 500; above that images are data. A manifest of
 * 4 MiB names some 25,000, and the tree's versions keep a layer in 16 bits; each costs some
 * 20 KB of memory. */
#define LAM_DOCKER_LAYERS 125
#define LAM_MAX_LAYERS    16384
/* Files that may be open at a time: of each layer what is spooled, and what is written. */
#define LAM_MAX_OPEN_FILES (4u * LAM_MAX_LAYERS)

/* Tar. Go's archive/tar takes 1 MiB for a PAX or GNU long name body, and so for a sparse
 * map. */
#define LAM_MAX_TAR_HEADER (1u << 20)
/* Linux takes 4,096; longer names are carried for images that other systems made. */
#define LAM_MAX_PATH 65535u
/* One component: the index keeps lengths in 16 bits. */
#define LAM_MAX_NAME 65535u
/* Paths of directories that no entry describes, all of an image together: a layer that is
 * written has an entry for each, so that one path of 65,535 bytes, some hundred once
 * compressed, would become 1 GiB. 500,000 of 64 bytes. */
#define LAM_MAX_IMPLIED_PATHS (32u << 20)
/* Directories in each other. 65,535 bytes of path hold 32,768 one-byte names. */
#define LAM_MAX_DEPTH 32768u
/* Headers of directories that the parts of a split layer have again: 4,096 parts, each twenty
 * levels down, have 40 MiB. A file in each of some thousand levels would be some gigabytes. */
#define LAM_MAX_SPLIT_DIRS (64u << 20)
/* Links followed while one path is resolved, as Linux does (MAXSYMLINKS); and the bytes of
 * all their targets, of which Linux makes none of more than 4,095: forty of 65,535 would be
 * walked again for each path that begins with the first. */
#define LAM_MAX_LINKS     40
#define LAM_MAX_LINK_TEXT (LAM_MAX_LINKS * 4096u)
/* Sparse files are written out, holes and all, as runtimes do; a map of one block can
 * claim 8 EiB. */
#define LAM_MAX_SPARSE (64ull << 30)
/* All holes of one layer: they take time in proportion, and no bytes of its blob. */
#define LAM_MAX_HOLES (64ull << 30)
/* Names, link targets and records that a layer's index holds in memory: so much, and so
 * much more for each entry. 4 MiB of gzip hold 4 GiB of them; a million files with a label
 * and a signature each have 300 MiB. Of all layers together, LAM_MAX_HELD_LAYERS times
 * the first. */
#define LAM_MAX_HELD        (256u << 20)
#define LAM_MAX_HELD_ENTRY  1024u
#define LAM_MAX_HELD_LAYERS 4u
/* Entries of one layer and of one image: indexes are 32 bits, and some values are taken.
 */
#define LAM_MAX_ENTRIES 0xf0000000u
/* Names, link targets and records of one layer are kept in memory, in one block of 32-bit
 * offsets. */
#define LAM_MAX_LAYER_TEXT 0xf0000000u

/* zstd windows: 512 MiB is what containerd and Docker take, by klauspost/compress; zstd's
 * own tools take 128 MiB without being asked. So much memory is used for each layer that
 * is read at a time and says so, as far as its content reaches. */
#define LAM_MAX_ZSTD_WINDOW_LOG 29
/* A gzip header's name and comment, each: Go takes 511 bytes, RFC 1952 any number. The
 * extra field has at most 65,535 by its form. */
#define LAM_MAX_GZIP_HEADER (64u << 10)

/* Memory that no image makes more of: contents beyond it are in files without a name. */
/* All spools of the layers that are read, and all of those that are written; but each has
 * room for a few small files, since to make a file for these costs more than all else. */
#define LAM_SPOOLS_MEMORY (512u << 10)
#define LAM_SPOOL_LEAST   4096u
/* Each of an outer archive: most of what `docker save` gives through a pipe. */
#define LAM_ARCHIVE_SPOOL_MEMORY (8u << 20)
/* Bytes of tar on their way through compression and back, of all layers. */
#define LAM_MAX_ON_THE_WAY (8u << 20)
/* Checkpoints of a layer, each with up to 32 KiB: 8 MiB. Layers of more than 2 GiB have
 * them farther apart. */
#define LAM_CHECKPOINT_MAX 256u

/* Outer archives: members of an OCI layout or of 'docker save'. */
/* Members with holes (tar -S) are written out beside the output. */
#define LAM_MAX_DENSE           (16ull << 30)
#define LAM_MAX_ARCHIVE_MEMBERS 200000u

/* All cached indexes of layers together: those of some 5 million entries. */
#define LAM_MAX_CACHE (512ull << 20)
/* All blobs together that were fetched from registries: those of a large image. */
#define LAM_MAX_KEPT_BLOBS (8ull << 30)

/* Databases of packages. One file: Fedora's rpmdb.sqlite with 5,000 packages has 250 MiB.
 * All that are read of an image, and packages: 10 times what the largest desktops have. */
#define LAM_MAX_PACKAGE_FILE  (512u << 20)
#define LAM_MAX_PACKAGE_FILES (1ull << 30)
#define LAM_MAX_PACKAGES      1000000u
/* What they list, each path written out: a list may have a folder's path once, and a
 * million names in it. */
#define LAM_MAX_PACKAGE_PATHS (512u << 20)

/* Notes that are kept one by one; the rest are only counted. */
#define LAM_MAX_NOTES 1000u

#endif
