/* http_get.h: one request to one server, into a file that may hold the beginning already. */
#ifndef HTTP_GET_H
#define HTTP_GET_H

#include "xsite.h"

typedef enum transfer_end {
  TRANSFER_DONE,     /* the server says that this was all */
  TRANSFER_BROKEN,   /* worth another try: cut, stalled, a server in trouble */
  TRANSFER_NO_RANGE, /* the server cannot continue a file where it was broken off */
  TRANSFER_REFUSED,  /* the file is not to be had at this address */
  TRANSFER_STOPPED,  /* by the watch */
  TRANSFER_FAILED    /* this machine cannot store it */
} transfer_end;

/* Bytes: a server that sends fewer in the time of a stall has stalled, and a try that brings fewer
 * was in vain. */
enum { TRANSFER_LEAST = 1024 };

typedef struct transfer {
  char *address;    /* http or https */
  const char *name; /* of the file, for the progress line */
  int fd;           /* written at `size` */
  int64_t size;     /* bytes that the file holds */
  int64_t bytes;    /* how many there will be, about; twice as many are refused */
  double wait;      /* set: seconds that the server asks to wait for, 0 where it does not */
  char reason[512]; /* set: why the transfer did not end as DONE */
  const xs_get_task *option;
  const xs_watch *watch;
} transfer;

transfer_end transfer_run(transfer *t);

#endif
