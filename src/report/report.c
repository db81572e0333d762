#include "error.h"
#include "file.h"
#include "sections.h"
#include "xsite.h"

#include <stdlib.h>

static int make_page(page *out, const results *r, const char *figures) {
  section_head(out, r);
  section_verdicts(out, r);
  int status = section_bars(out, r, figures);
  if (status) return status;
  section_numbers(out, r);
  section_images(out, r);
  status = section_curves(out, r, figures);
  section_method(out, r);
  section_foot(out);
  return status;
}

xs_status xs_report_write(const char *run_dir) {
  results r;
  if (report_read(run_dir, &r)) return XS_FAILED;
  char *figures = file_join(run_dir, "figures"), *path = file_join(run_dir, "report.html");
  page out = {0};
  int status = file_make_dirs(figures);
  if (!status) status = make_page(&out, &r, figures);
  if (!status) status = file_write_atomic(path, out.text, out.size);
  page_free(&out);
  free(path);
  free(figures);
  report_free(&r);
  return status ? XS_FAILED : XS_OK;
}
