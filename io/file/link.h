/* Where symbolic links lead. */
#ifndef VOLLEY_IO_FILE_LINK_H
#define VOLLEY_IO_FILE_LINK_H

/* The file that a path names, through symbolic links, even if the last one leads to no file yet. From volley_alloc(), owned by
 * the caller. */
char *volley_link_target(const char *path);

#endif
