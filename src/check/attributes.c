#include "attributes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "numeral.h"

typedef enum reading {
  READ_WIDTH,
  READ_HEIGHT,
  READ_ASPECT,
  READ_SIZE,
  READ_ENCODING,
  READ_COLUMN,   /* which: attribute_kind */
  READ_STATISTIC /* which: statistic */
} reading;

static const struct row {
  const char *name;
  attribute_source source;
  bool number;
  reading read;
  int which;
} table[] = {
    {"width", SOURCE_FILE, true, READ_WIDTH, 0},
    {"height", SOURCE_FILE, true, READ_HEIGHT, 0},
    {"aspect ratio", SOURCE_FILE, true, READ_ASPECT, 0},
    {"size", SOURCE_FILE, false, READ_SIZE, 0},
    {"encoding", SOURCE_FILE, false, READ_ENCODING, 0},
    {"sex", SOURCE_LABEL, false, READ_COLUMN, ATTRIBUTE_SEX},
    {"age", SOURCE_LABEL, true, READ_COLUMN, ATTRIBUTE_AGE},
    {"view", SOURCE_LABEL, false, READ_COLUMN, ATTRIBUTE_VIEW},
    {"scanner", SOURCE_LABEL, false, READ_COLUMN, ATTRIBUTE_SCANNER},
    {"constant border", SOURCE_EDGE, true, READ_STATISTIC, BORDER},
    {"brightness of the frame", SOURCE_EDGE, true, READ_STATISTIC, FRAME_MEAN},
    {"white in the frame", SOURCE_EDGE, true, READ_STATISTIC, FRAME_BRIGHT},
    {"strokes, top left", SOURCE_EDGE, true, READ_STATISTIC, CORNER_TOP_LEFT},
    {"strokes, top right", SOURCE_EDGE, true, READ_STATISTIC, CORNER_TOP_RIGHT},
    {"strokes, bottom left", SOURCE_EDGE, true, READ_STATISTIC, CORNER_BOTTOM_LEFT},
    {"strokes, bottom right", SOURCE_EDGE, true, READ_STATISTIC, CORNER_BOTTOM_RIGHT},
};

int attributes_count(void) { return (int)(sizeof table / sizeof *table); }
const char *attributes_name(int which) { return table[which].name; }
attribute_source attributes_source(int which) { return table[which].source; }
bool attributes_is_number(int which) { return table[which].number; }

static const char *column(const check *c, int kind, const image_stats *s) {
  const check_site *t = &c->site[s->site];
  return t->read ? NULL : t->l.entry[s->row].attribute[kind];
}

double attributes_number(const check *c, int which, int64_t i) {
  const image_stats *s = &c->sample[i];
  const char *text;
  switch (table[which].read) {
  case READ_WIDTH:
    return s->width;
  case READ_HEIGHT:
    return s->height;
  case READ_ASPECT:
    return (double)s->width / s->height;
  case READ_COLUMN:
    text = column(c, table[which].which, s);
    return text ? numeral_read(text, NULL) : NAN;
  case READ_STATISTIC:
    return (double)s->value[table[which].which];
  default:
    return NAN;
  }
}

const char *attributes_text(const check *c, int which, int64_t i, char room[64]) {
  const image_stats *s = &c->sample[i];
  switch (table[which].read) {
  case READ_SIZE:
    snprintf(room, 64, "%d x %d", s->width, s->height);
    return room;
  case READ_ENCODING:
    return *s->encoding ? s->encoding : NULL;
  case READ_COLUMN:
    return column(c, table[which].which, s);
  default:
    return NULL;
  }
}
