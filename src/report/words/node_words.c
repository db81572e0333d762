#include "node_words.h"

#include "text.h"

#include <string.h>

/* What follows "KIND-SITE" in the node's name; NULL: it is not of that kind and site. */
static const char *after(const char *node, const char *kind, const char *site) {
  const size_t a = strlen(kind), b = strlen(site);
  if (strncmp(node, kind, a) != 0 || strncmp(node + a, site, b) != 0) return NULL;
  return node + a + b;
}

bool node_is_baseline(const char *node, const char *site) {
  const char *rest = after(node, "baseline-", site);
  return rest && !*rest;
}

/* "-40": nothing but a number follows. */
static bool is_number(const char *rest) {
  return rest && *rest == '-' && rest[1] && strspn(rest + 1, "0123456789") == strlen(rest + 1);
}

bool node_is_fold(const char *node, const char *site) {
  return is_number(after(node, "fold-", site));
}

static char *words_of_site(const char *node, const char *site) {
  if (node_is_baseline(node, site)) return text_format("classifier of %s", site);
  if (node_is_fold(node, site)) {
    return text_format("classifier of %s, without part %s", site, strrchr(node, '-') + 1);
  }
  if (is_number(after(node, "labelled-", site))) {
    return text_format("classifier of %s labelled images of %s", strrchr(node, '-') + 1, site);
  }
  return NULL;
}

char *node_words(const results *r, const char *node) {
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    char *words = words_of_site(node, p->source);
    if (!words) words = words_of_site(node, p->target);
    if (words) return words;
    for (int k = 0; k < p->candidates; k++) {
      if (strcmp(p->candidate[k].node, node) != 0) continue;
      return text_format("classifier of %s, adapted to %s by %s", p->source, p->target,
                         p->candidate[k].method);
    }
  }
  if (strncmp(node, "pooled-", 7) == 0) {
    return text_format("classifier of %s %% of all sites' images", node + 7);
  }
  return text_copy(node);
}
