#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numeral.h"

/* What is written is "-0.0" never. */
static number format(double v, int decimals, const char *plus) {
  number out = {"–"};
  if (!isfinite(v)) return out;
  char digits[24];
  numeral_print(digits, sizeof digits, "%.*f", decimals, fmin(fabs(v), 1e15));
  bool zero = numeral_read(digits, NULL) == 0;
  const char *sign = zero ? "" : v < 0 ? "−" : plus;
  snprintf(out.text, sizeof out.text, "%s%s", sign, digits);
  return out;
}

static int point_decimals(double v) { return fabs(v) < 0.095 ? 2 : 1; }

number number_fixed(double v, int decimals) { return format(v, decimals, ""); }

number number_auc(double v) { return format(v, v >= 99.5 && v < 100 ? 2 : 1, ""); }

bool number_wide(double low, double high) { return high - low > NUMBER_WIDE; }

number number_measured(double v, double low, double high) {
  number out = number_auc(v);
  if (number_wide(low, high)) {
    const number from = number_auc(low), to = number_auc(high);
    snprintf(out.text, sizeof out.text, "between %.9s and %.9s", from.text, to.text);
  }
  return out;
}

number number_with_interval(double v, double low, double high) {
  number out = number_measured(v, low, high);
  if (isnan(low) || isnan(high) || number_wide(low, high)) return out;
  const number from = number_auc(low), to = number_auc(high);
  snprintf(out.text, sizeof out.text, "%.8s (%.8s to %.8s)", number_auc(v).text, from.text,
           to.text);
  return out;
}

number number_points(double v) { return format(v, point_decimals(v), ""); }

number number_signed(double v) { return format(v, point_decimals(v), "+"); }

number number_percent(double v, int decimals) {
  number out = number_fixed(v, decimals);
  if (isfinite(v)) strncat(out.text, " %", sizeof out.text - strlen(out.text) - 1);
  return out;
}

number number_count(double v) { return format(v, v < 10 && v != floor(v) ? 1 : 0, ""); }

number number_p_value(double p) {
  if (isfinite(p) && p < 0.001) return (number){"< 0.001"};
  return format(p > 1 ? 1 : p, p < 0.1 ? 3 : 2, "");
}

number number_p(double p) {
  const number value = number_p_value(p);
  number out = {"p unknown"};
  if (!isfinite(p)) return out;
  snprintf(out.text, sizeof out.text, "p %s%.20s", p < 0.001 ? "" : "= ", value.text);
  return out;
}
