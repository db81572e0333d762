#include "export_tables.h"
#include "report_files.h"
#include "search_file.h"
#include "sections.h"
#include "seeds.h"
#include "xsite.h"

static int make_results(page *out, const results *r, report_files *files) {
  int status = report_any_measured(r) ? section_bars(out, r, files) : 0;
  if (status) return status;
  section_numbers(out, r);
  if (section_portfolio_wanted(r)) section_portfolio(out, r);
  if (section_harm_wanted(r)) section_harm(out, r);
  if (r->labelleds) status = section_labels(out, r, files);
  if (!status && r->pooleds) status = section_pooled(out, r, files);
  if (!status && section_calibration_wanted(r)) status = section_calibration(out, r, files);
  if (!status && section_subgroups_wanted(r)) section_subgroups(out, r);
  return status;
}

static int make_page(page *out, const results *r, report_files *files) {
  section_head(out, r);
  section_effects(out, r);
  int status = make_results(out, r, files);
  if (status) return status;
  if (section_data_sets_wanted(r)) section_data_sets(out, r);
  section_images(out, r);
  status = section_curves(out, r, files);
  if (r->left_outs) section_left_out(out, r);
  if (section_late_wanted(r)) section_late(out, r);
  section_method(out, r);
  section_foot(out);
  return status;
}

static int write_files(const results *r) {
  report_files files = {.dir = r->dir, .hash = json_object()};
  page out = {0};
  int status = make_page(&out, r, &files);
  if (!status) status = export_write(r, &files);
  if (!status) status = report_files_seal(&files, out.html.text, out.html.size);
  buffer_free(&out.html);
  json_decref(files.hash);
  return status;
}

xs_status xs_report_write(const char *run_dir) {
  results r;
  if (seeds_are_in(run_dir)) return seeds_write(run_dir) ? XS_FAILED : XS_OK;
  if (search_is_in(run_dir)) return search_write(run_dir) ? XS_FAILED : XS_OK;
  if (report_read(run_dir, &r)) return XS_FAILED;
  int status = report_files_check(run_dir);
  if (!status) status = write_files(&r);
  report_free(&r);
  return status ? XS_FAILED : XS_OK;
}
