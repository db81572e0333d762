#include "error.h"
#include "export.h"
#include "file.h"
#include "sections.h"
#include "xsite.h"

#include <stdlib.h>

static int make_results(page *out, const results *r, const char *figures) {
  int status = report_any_measured(r) ? section_bars(out, r, figures) : 0;
  if (status) return status;
  section_numbers(out, r);
  if (section_portfolio_wanted(r)) section_portfolio(out, r);
  if (section_harm_wanted(r)) section_harm(out, r);
  if (r->labelleds) status = section_labels(out, r, figures);
  if (!status && r->pooleds) status = section_pooled(out, r, figures);
  if (!status && section_calibration_wanted(r)) status = section_calibration(out, r, figures);
  if (!status && section_subgroups_wanted(r)) section_subgroups(out, r);
  return status;
}

static int make_page(page *out, const results *r, const char *figures) {
  section_head(out, r);
  section_effects(out, r);
  int status = make_results(out, r, figures);
  if (status) return status;
  section_images(out, r);
  status = section_curves(out, r, figures);
  if (r->left_outs) section_left_out(out, r);
  if (section_late_wanted(r)) section_late(out, r);
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
  if (!status) status = export_write(&r);
  if (!status) status = file_write_atomic(path, out.text, out.size);
  page_free(&out);
  free(path);
  free(figures);
  report_free(&r);
  return status ? XS_FAILED : XS_OK;
}
