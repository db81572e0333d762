// What libraries do when memory is out: no exception ends the program with a core, and no null is
// handed to code of theirs that does not look.
#include <cstdlib>
#include <exception>
#include <jansson.h>
#include <new>

extern "C" {
[[noreturn]] void memory_out(const char *what);
void *memory_new(size_t bytes);
void out_of_memory_begin(void);
}

namespace {

[[noreturn]] void end() {
  const char *what = "a library failed";
  try {
    if (std::current_exception()) throw;
  } catch (const std::bad_alloc &) {
    what = "a library asked for what is not to be had";
  } catch (const std::exception &e) {
    what = e.what();
  } catch (...) {
  }
  memory_out(what);
}

} // namespace

void out_of_memory_begin(void) {
  std::set_terminate(end);
  json_set_alloc_funcs(memory_new, std::free);
}
