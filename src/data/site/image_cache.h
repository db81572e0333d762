/* image_cache.h: a site's decoded and resized images, kept in a file that is mapped into memory.
 *
 * Which file.  Its name is the SHA-256 of all that decides the pixels: the layout and the version
 * of the program, the byte order, the size and the domain file's rows on values, and of each image
 * the resolved path, the size and the times of the last change to content and to inode, to the
 * nanosecond.  Those times stand for the content, as in make, rsync and git: to read the content
 * itself at every opening would cost most of what the file saves, and no program can set the second
 * one back.
 *
 * What is in it.  A header, the pixels [kept][size][size][channels] in 8 or 16 bits as the site has
 * them (16-bit films are not cut to 8 bits: training must see the same values with a file and
 * without), then a table: which images are unreadable, which look unlike the others, and a CRC-32
 * of the pixels of each.
 *
 * Damage.  At every opening the file's length, a checksum of header and table, and the pixels'
 * checksums are compared, so that a reader of pixels needs to check nothing and what is damaged is
 * decoded again before anything is computed from it.  To read 5 GB through takes a second or two
 * where the system has them in memory, and where it has not they are read once for all users of the
 * images.  (To check an image at its first use alone would leave nobody to decode it again.)
 *
 * Other users.  A name has the user's number in it.  A file that he does not own, that others may
 * open, that has a second name or is a link is neither read nor written to.
 *
 * Several processes.  The file is made under another name, which is locked, and renamed when it is
 * whole; the others wait and then use it.  Readers hold no lock: a file that is removed or replaced
 * stays as it is for those who have mapped it. */
#ifndef IMAGE_CACHE_H
#define IMAGE_CACHE_H

#include "ingest.h"

/* The images of g in *x: its shape, max_value, preprocessing and pixels; fault [g->n]: an
 * exposure_fault of each of the x->n readable ones.  asked: the folder, "off", or NULL:
 * XSITE_CACHE, else the user's own. Where the cache cannot be used, a note says why and the images
 * are read without it. */
int image_cache_read(const char *asked, ingest *g, xs_images *x, uint8_t *fault);
void images_release_pixels(xs_images *x);
/* Of pixels in a file: gives back the memory of those that were read; the file still has them. */
void images_forget(const xs_images *x);

#endif
