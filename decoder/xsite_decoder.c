/* xsite-decoder: the program in whose processes image files are decoded that must not be trusted.
 */
#include "decoder.h"

int main(int argc, char **argv) { return decoder_main(argc, argv); }
