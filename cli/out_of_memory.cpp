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

// oneDNN asks for its objects in these two ways, and does not look whether there is one.
void *operator new(std::size_t bytes, const std::nothrow_t &) noexcept {
  return memory_new(bytes ? bytes : 1);
}

#ifndef XSITE_SANITIZED // which has its own
extern "C" int posix_memalign(void **p, std::size_t alignment, std::size_t bytes) noexcept {
  *p = aligned_alloc(alignment, bytes);
  if (!*p) memory_out("a library asked for what is not to be had");
  return 0;
}
#endif

void out_of_memory_begin(void) {
  std::set_terminate(end);
  json_set_alloc_funcs(memory_new, std::free);
}
