#include "http_get.h"

#include "clock.h"
#include "numeral.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "watch.h"
#include "xsite/version.h"

typedef struct request {
  transfer *t;
  CURL *curl;
  int64_t start;    /* of what is asked for */
  bool begun;       /* its first bytes have come */
  transfer_end end; /* what a callback found, else TRANSFER_DONE */
  int64_t reported; /* received at the last progress report */
  int64_t marked;   /* received when the clock of stalls was last set */
  double marked_at;
} request;

static transfer_end because(transfer *t, transfer_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static transfer_end because(transfer *t, transfer_end end, const char *format, ...) {
  va_list args;
  va_start(args, format);
  numeral_vprint(t->reason, sizeof t->reason, format, args);
  va_end(args);
  return end;
}

/* ---- what libcurl calls ---- */

/* Networks that want a log-in answer any request with a page. */
static bool is_page(request *r) {
  const char *type = NULL;
  curl_easy_getinfo(r->curl, CURLINFO_CONTENT_TYPE, &type);
  return type && strncasecmp(type, "text/html", 9) == 0;
}

static transfer_end store(transfer *t, const char *data, size_t size) {
  while (size > 0) {
    ssize_t put = pwrite(t->fd, data, size, (off_t)t->size);
    if (put < 0 && errno != EINTR) return because(t, TRANSFER_FAILED, "%s", strerror(errno));
    if (put > 0) {
      data += put;
      size -= (size_t)put;
      t->size += put;
    }
  }
  return TRANSFER_DONE;
}

static size_t take(char *data, size_t one, size_t n, void *context) {
  request *r = context;
  transfer *t = r->t;
  size_t size = one * n;
  if (!r->begun && is_page(r)) {
    r->end = because(t, TRANSFER_REFUSED, "a web page came in place of the file");
  } else if (t->size + (int64_t)size > 2 * t->bytes) {
    r->end = because(t, TRANSFER_REFUSED, "more than twice the %lld bytes of the file came",
                     (long long)t->bytes);
  } else {
    r->end = store(t, data, size);
  }
  r->begun = true;
  return r->end == TRANSFER_DONE ? size : 0;
}

static void report(request *r, int64_t received, int64_t announced) {
  const transfer *t = r->t;
  curl_off_t rate = 0;
  if (received == r->reported || !t->watch || !t->watch->progress) return;
  r->reported = received;
  curl_easy_getinfo(r->curl, CURLINFO_SPEED_DOWNLOAD_T, &rate);
  const xs_progress p = {.task = t->name,
                         .done = r->start + received,
                         .total = announced > 0 ? r->start + announced : t->bytes,
                         .rate = (double)rate,
                         .bytes = true};
  watch_progress(t->watch, &p);
}

/* Called at least about once a second.  Non-zero ends the transfer. */
static int follow(void *context, curl_off_t announced, curl_off_t received, curl_off_t to_send,
                  curl_off_t sent) {
  (void)to_send, (void)sent;
  request *r = context;
  const xs_watch *w = r->t->watch;
  double time = clock_seconds(), limit = r->t->option->stall_timeout;
  if (watch_stops(w)) {
    r->end = because(r->t, TRANSFER_STOPPED, "stopped");
  } else if (received - r->marked >= TRANSFER_LEAST) {
    r->marked = received;
    r->marked_at = time;
  } else if (time - r->marked_at > limit) {
    r->end = because(r->t, TRANSFER_BROKEN, "nothing came for %g seconds", limit);
  }
  report(r, received, announced);
  return r->end != TRANSFER_DONE;
}

/* ---- the request ---- */

/* The proxies of the environment (https_proxy, no_proxy ...) are libcurl's default. */
static void set_connection(CURL *c, const transfer *t) {
  bool safe = strncasecmp(t->address, "https:", 6) == 0;
  curl_easy_setopt(c, CURLOPT_URL, t->address);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, safe ? "https" : "http,https");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "xsite/" XSITE_VERSION);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(1000 * t->option->connect_timeout));
  curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->size);
}

static void set_callbacks(CURL *c, request *r, char *text) {
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, follow);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, r);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

/* Failures that another try at the same address would meet again. */
static bool is_lasting(CURLcode code) {
  static const CURLcode lasting[] = {CURLE_UNSUPPORTED_PROTOCOL,  CURLE_URL_MALFORMAT,
                                     CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST,
                                     CURLE_TOO_MANY_REDIRECTS,    CURLE_PEER_FAILED_VERIFICATION,
                                     CURLE_SSL_CACERT_BADFILE,    CURLE_REMOTE_ACCESS_DENIED};
  for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
    if (code == lasting[i]) return true;
  }
  return false;
}

static transfer_end judge_status(request *r, long status) {
  curl_off_t wait = 0;
  bool passing = status == 408 || status == 429 || status >= 500;
  curl_easy_getinfo(r->curl, CURLINFO_RETRY_AFTER, &wait);
  r->t->wait = passing ? (double)wait : 0;
  return because(r->t, passing ? TRANSFER_BROKEN : TRANSFER_REFUSED, "HTTP status %ld", status);
}

static transfer_end judge(request *r, CURLcode code, const char *text) {
  long status = 0;
  curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
  if (r->end != TRANSFER_DONE) return r->end;
  if (code == CURLE_RANGE_ERROR || status == 416) {
    return because(r->t, TRANSFER_NO_RANGE, "the server cannot continue a broken file");
  }
  if (code == CURLE_HTTP_RETURNED_ERROR) return judge_status(r, status);
  if (code == CURLE_OK) return TRANSFER_DONE;
  return because(r->t, is_lasting(code) ? TRANSFER_REFUSED : TRANSFER_BROKEN, "%s",
                 *text ? text : curl_easy_strerror(code));
}

transfer_end transfer_run(transfer *t) {
  char text[CURL_ERROR_SIZE] = "";
  request r = {.t = t, .curl = curl_easy_init(), .start = t->size, .marked_at = clock_seconds()};
  t->wait = 0;
  t->reason[0] = 0;
  if (!r.curl) return because(t, TRANSFER_FAILED, "libcurl cannot start");
  set_connection(r.curl, t);
  set_callbacks(r.curl, &r, text);
  CURLcode code = curl_easy_perform(r.curl);
  transfer_end end = judge(&r, code, text);
  curl_easy_cleanup(r.curl);
  return end;
}
