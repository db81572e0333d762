/* `new` fails where a damaged file asks for much, as the product's limit lets it: a limit of the
 * system's cannot be set, since AddressSanitizer takes terabytes of addresses. */
#include <cstdlib>
#include <new>

void *operator new(std::size_t size) {
  constexpr std::size_t MOST = std::size_t(64) << 20;
  void *p = size > MOST ? nullptr : std::malloc(size ? size : 1);
  if (!p) throw std::bad_alloc();
  return p;
}
