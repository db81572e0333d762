/* The values that a DICOM file stores: lossy JPEG of 8 bits through libjpeg-turbo, run lengths by
 * rle.c, all else through GDCM. */
#include "dicom_gdcm.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <gdcmFile.h>
#include <gdcmImage.h>
#include <gdcmSequenceOfFragments.h>

extern "C" {
#include "codestream.h"
#include "error.h"
#include "image.h"
#include "memory.h"
#include "rle.h"
#include "text.h"
}

namespace {

/* What is printed to stderr while it lives: there GDCM's JPEG decoders tell that data are missing,
 * and go on. */
class listener {
public:
  listener() : saved(stderr) { stderr = text_open(&text, &size); }
  ~listener() {
    stop();
    std::free(text);
  }
  listener(const listener &) = delete;
  listener &operator=(const listener &) = delete;

  /* The first line that is a warning: GDCM tries its JPEG decoders of 8, 12 and 16 bits in turn. */
  std::string warning() {
    stop();
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("Unsupported JPEG data precision", 0) != 0) return line;
    }
    return "";
  }

private:
  void stop() {
    if (saved) {
      text_close(stderr);
      stderr = saved;
    }
    saved = nullptr;
  }
  FILE *saved;
  char *text = nullptr;
  size_t size = 0;
};

/* ---- GDCM's decoders ---- */

/* Values of `bits` bits; which of them are stored is not GDCM's business. */
gdcm::PixelFormat format_of(const dicom_film *x, int bits) {
  return gdcm::PixelFormat(static_cast<uint16_t>(x->samples), bits > 8 ? 16 : 8,
                           static_cast<uint16_t>(bits), static_cast<uint16_t>(bits - 1),
                           x->is_signed ? 1 : 0);
}

void describe(const dicom_film *x, const gdcm::TransferSyntax &syntax, int bits,
              gdcm::Image *image) {
  image->SetNumberOfDimensions(2);
  image->SetDimension(0, static_cast<unsigned>(x->columns));
  image->SetDimension(1, static_cast<unsigned>(x->rows));
  image->SetPixelFormat(format_of(x, bits));
  image->SetPhotometricInterpretation(gdcm::PhotometricInterpretation::GetPIType(x->photometric));
  image->SetPlanarConfiguration(x->planar ? 1 : 0);
  image->SetTransferSyntax(syntax);
}

size_t values_of(const dicom_film *x) {
  return static_cast<size_t>(x->rows * x->columns * x->samples);
}

/* To values of `bits` bits, in 8 or 16.  The decoders give what `image` says after they have
 * run.  jpeg: a warning means lost data. */
int decode_with_gdcm(const char *path, const gdcm::DataElement &pixels,
                     const gdcm::TransferSyntax &syntax, int bits, bool jpeg, dicom_film *out) {
  gdcm::Image image;
  describe(out, syntax, bits, &image);
  image.SetDataElement(pixels);
  if (image.GetBufferLength() != values_of(out) * (bits > 8 ? 2 : 1)) {
    return dicom_refuse(path, "its tags contradict each other");
  }
  out->values = memory_new(out->size);
  listener decoder;
  const bool decoded = image.GetBuffer(static_cast<char *>(out->values));
  const std::string warning = decoder.warning();
  if (jpeg && !warning.empty()) {
    return fail(DICOM_FAILED, "%s: cannot be decoded as JPEG: %s", path, warning.c_str());
  }
  if (!decoded) {
    const char *or_else = syntax_is_ht(out->syntax) ? ", or a kind of HTJ2K that is not read" : "";
    return fail(DICOM_FAILED,
                "%s: its image cannot be decoded: it is damaged%s (transfer syntax %s)", path,
                or_else, out->syntax);
  }
  out->planar = out->samples == 3 && image.GetPlanarConfiguration() == 1;
  std::string photometric = image.GetPhotometricInterpretation().GetString(); /* padded to even */
  photometric.resize(photometric.find_last_not_of(' ') + 1);
  dicom_keep_text(photometric, out->photometric, sizeof out->photometric);
  return 0;
}

/* ---- compressed images ---- */

/* All fragments; some may be empty. */
std::string join_fragments(const gdcm::DataElement &pixels) {
  std::string all;
  const gdcm::SequenceOfFragments *fragments = pixels.GetSequenceOfFragments();
  for (gdcm::SequenceOfFragments::SizeType i = 0; i < fragments->GetNumberOfFragments(); i++) {
    const gdcm::ByteValue *value = fragments->GetFragment(i).GetByteValue();
    if (value && value->GetPointer()) all.append(value->GetPointer(), value->GetLength());
  }
  return all;
}

/* Of one fragment. */
gdcm::DataElement element_of(const std::string &stream) {
  gdcm::SmartPointer<gdcm::SequenceOfFragments> fragments = new gdcm::SequenceOfFragments;
  gdcm::Fragment fragment;
  fragment.SetByteValue(stream.data(), static_cast<uint32_t>(stream.size()));
  fragments->AddFragment(fragment);
  gdcm::DataElement pixels(gdcm::Tag(0x7fe0, 0x0010));
  pixels.SetValue(*fragments);
  return pixels;
}

/* Does the compressed image agree with the tags?  The decoders trust them. */
int check_codestream(const char *path, const std::string &stream, const dicom_film *x,
                     codestream *c) {
  const char *why = codestream_read(stream.data(), stream.size(), c);
  if (!why) why = c->fault;
  if (why) return dicom_refuse(path, std::string("its compressed image cannot be used: ") + why);
  if (c->height == x->rows && c->width == x->columns && c->channels == x->samples && c->bits > 0 &&
      c->bits <= x->bits_allocated) {
    return 0;
  }
  return fail(DICOM_FAILED,
              "%s: its compressed image has %d x %d pixels of %d samples of %d bits, the tags say "
              "%lld x %lld, %lld, %lld; correct the file",
              path, c->width, c->height, c->channels, c->bits, static_cast<long long>(x->columns),
              static_cast<long long>(x->rows), static_cast<long long>(x->samples),
              static_cast<long long>(x->bits_allocated));
}

/* Baseline, extended or progressive, Huffman or arithmetic: SOF0 to SOF2, SOF9, SOF10. */
bool is_lossy_jpeg8(const codestream &c) {
  return c.bits == 8 &&
         ((c.frame >= 0xc0 && c.frame <= 0xc2) || c.frame == 0xc9 || c.frame == 0xca);
}

/* With Adobe's marker behind the start marker; its last byte, 0, says RGB. */
std::string mark_rgb(const std::string &stream) {
  static const char marker[] = "\xff\xee\0\x0e"
                               "Adobe\0\x64\0\0\0\0";
  return stream.substr(0, 2) + std::string(marker, sizeof marker) + stream.substr(2);
}

/* Colours are what the JPEG says that they are (JFIF is YCbCr), and what the tag says where it does
 * not. */
int decode_jpeg8(const char *path, std::string stream, const codestream &c, dicom_film *out) {
  image x = {};
  const std::string photometric = out->photometric;
  if (photometric == "RGB" && !c.says_colours) stream = mark_rgb(stream);
  if (image_decode_jpeg_unturned(path, stream.data(), stream.size(), &x)) {
    image_release(&x);
    return DICOM_FAILED;
  }
  const size_t size = values_of(out);
  if (static_cast<size_t>(x.height) * static_cast<size_t>(x.width) *
          static_cast<size_t>(x.channels) !=
      size) { /* a second frame, which only the decoder has found */
    image_release(&x);
    return dicom_refuse(path, "its JPEG has another size than its first frame states");
  }
  out->values = memory_new(out->size);
  std::memcpy(out->values, x.pixels, size);
  image_release(&x);
  out->planar = false;
  if (out->samples == 3) dicom_keep_text("RGB", out->photometric, sizeof out->photometric);
  return 0;
}

/* From 8 to 16 bits, in place. */
void widen(dicom_film *x) {
  auto *to = static_cast<uint16_t *>(x->values);
  const auto *from = static_cast<const uint8_t *>(x->values);
  for (size_t i = values_of(x); i-- > 0;) {
    const int value = x->is_signed ? static_cast<int8_t>(from[i]) : from[i];
    to[i] = static_cast<uint16_t>(value);
  }
}

/* What a stream is, which the file's syntax may not say. */
gdcm::TransferSyntax syntax_of(const codestream &c) {
  using gdcm::TransferSyntax;
  return c.frame == 0      ? TransferSyntax::JPEG2000
         : c.frame == 0xf7 ? TransferSyntax::JPEGLSNearLossless
         : c.frame == 0xc3 ? TransferSyntax::JPEGLosslessProcess14
                           : TransferSyntax::JPEGExtendedProcess2_4;
}

int decode_stream(const char *path, const std::string &stream, const codestream &c,
                  dicom_film *out) {
  std::free(out->values);
  out->values = nullptr;
  const bool jpeg = c.frame != 0 && c.frame != 0xf7;
  int status = is_lossy_jpeg8(c)
                   ? decode_jpeg8(path, stream, c, out)
                   : decode_with_gdcm(path, element_of(stream), syntax_of(c), c.bits, jpeg, out);
  if (!status && c.bits <= 8 && out->bits_allocated == 16) widen(out);
  return status;
}

/* JPEG 2000 turns YBR_RCT and YBR_ICT into RGB by itself. */
int undo_transform(const char *path, const codestream &c, dicom_film *out) {
  const std::string name = out->photometric;
  if (c.frame || (name != "YBR_RCT" && name != "YBR_ICT")) return 0;
  if (!c.transformed) {
    return dicom_refuse(path, "it is said to be " + name +
                                  ", but its JPEG 2000 image is not transformed: are its samples "
                                  "RGB?  Correct PhotometricInterpretation (0028,0004)");
  }
  dicom_keep_text("RGB", out->photometric, sizeof out->photometric);
  return 0;
}

/* What follows the end marker fills up.  So do zeros before it, which not every decoder knows; but
 * a last byte of the values may be 0. */
int read_stream(const char *path, const std::string &stream, dicom_film *out) {
  codestream c;
  if (int status = check_codestream(path, stream, out, &c)) return status;
  std::string body = stream.substr(0, c.end);
  codestream_settle_scans(&body[0], &c);
  int status = decode_stream(path, body + "\xff\xd9", c, out);
  const size_t last = body.find_last_not_of('\0');
  if (status && last != std::string::npos && last + 1 < body.size()) {
    body.resize(last + 1);
    status = decode_stream(path, body + "\xff\xd9", c, out);
  }
  return status ? status : undo_transform(path, c, out);
}

int read_run_lengths(const char *path, const std::string &stream, dicom_film *out) {
  out->values = memory_new(out->size);
  out->planar = false;
  const char *why = rle_decode(
      stream.data(), stream.size(), static_cast<size_t>(out->rows * out->columns),
      static_cast<size_t>(out->samples), static_cast<size_t>(out->bits_allocated / 8), out->values);
  return why ? dicom_refuse(path, why) : 0;
}

/* ---- images that are not compressed ---- */

size_t length_of(const gdcm::DataElement &pixels) {
  return pixels.GetByteValue() ? size_t(pixels.GetByteValue()->GetLength()) : 0;
}

int refuse_short(const char *path, size_t there, size_t wanted) {
  return fail(DICOM_FAILED, "%s: truncated: its image has %zu bytes, the tags ask for %zu", path,
              there, wanted);
}

/* Two neighbours share their colour. */
bool is_subsampled(const dicom_film *x) {
  return !std::strcmp(x->photometric, "YBR_FULL_422") && x->samples == 3 && x->bits_allocated == 8;
}

/* From Y Y Cb Cr (PS3.3 C.7.6.3.1.2) to Y Cb Cr Y Cb Cr; GDCM leaves it as it is. */
int expand_colours(const char *path, const gdcm::DataElement &pixels, dicom_film *out) {
  const size_t pairs = out->size / 6;
  if (out->columns % 2 || out->planar) {
    return dicom_refuse(path,
                        "YBR_FULL_422 needs an even number of columns and PlanarConfiguration 0");
  }
  if (length_of(pixels) >= out->size) {
    return dicom_refuse(path, "it is said to be YBR_FULL_422, but has all samples: are they RGB or "
                              "YBR_FULL?  Correct PhotometricInterpretation (0028,0004)");
  }
  if (length_of(pixels) < 4 * pairs) return refuse_short(path, length_of(pixels), 4 * pairs);
  const char *from = pixels.GetByteValue()->GetPointer();
  char *to = static_cast<char *>(memory_new(out->size));
  out->values = to;
  for (size_t i = 0; i < pairs; i++, from += 4, to += 6) {
    const char pair[] = {from[0], from[2], from[3], from[1], from[2], from[3]};
    std::memcpy(to, pair, sizeof pair);
  }
  return 0;
}

/* Of JPEG's families, and not of video or by way of a server. */
bool is_picture(const std::string &uid) {
  static const std::string family = "1.2.840.10008.1.2.4.";
  if (syntax_is_ht(uid.c_str())) return true;
  if (uid.compare(0, family.size(), family)) return false;
  const int kind = std::atoi(uid.c_str() + family.size());
  return kind >= 50 && kind <= 93;
}

int read_compressed(const char *path, const std::string &stream, const gdcm::TransferSyntax &syntax,
                    dicom_film *out) {
  if (syntax == gdcm::TransferSyntax::RLELossless) return read_run_lengths(path, stream, out);
  if (is_picture(out->syntax)) return read_stream(path, stream, out);
  if (!syntax.IsEncapsulated()) {
    return fail(DICOM_FAILED, "%s: its image is compressed, its transfer syntax, \"%s\", is not",
                path, out->syntax);
  }
  return fail(DICOM_FAILED,
              "%s: its transfer syntax, %s, is not one of JPEG, JPEG-LS, JPEG 2000, RLE and none",
              path, out->syntax);
}

/* The syntax of the pixels, for GDCM's decoders. */
gdcm::TransferSyntax pixel_syntax(const gdcm::File &file, const dicom_syntax &syntax) {
  if (syntax_is_ht(syntax.uid)) return gdcm::TransferSyntax::JPEG2000;
  if (!*syntax.uid) return file.GetHeader().GetDataSetTransferSyntax();
  return gdcm::TransferSyntax::GetTSType(syntax.uid);
}

} // namespace

int dicom_read_values(const char *path, const gdcm::File &file, const dicom_syntax &syntax,
                      dicom_film *out) {
  const gdcm::Tag tag(0x7fe0, 0x0010);
  const gdcm::TransferSyntax of_pixels = pixel_syntax(file, syntax);
  dicom_keep_text(syntax.uid, out->syntax, sizeof out->syntax);
  if (!file.GetDataSet().FindDataElement(tag)) {
    return dicom_refuse(path, "it has no image (PixelData); is it a report or an index?");
  }
  const gdcm::DataElement &pixels = file.GetDataSet().GetDataElement(tag);
  out->size = values_of(out) * static_cast<size_t>(out->bits_allocated / 8);
  if (pixels.GetSequenceOfFragments()) {
    return read_compressed(path, join_fragments(pixels), of_pixels, out);
  }
  if (is_subsampled(out) && !of_pixels.IsEncapsulated()) return expand_colours(path, pixels, out);
  if (of_pixels.IsEncapsulated()) {
    return fail(DICOM_FAILED, "%s: its image is not compressed, its transfer syntax, %s, is", path,
                out->syntax);
  }
  if (length_of(pixels) < out->size) {
    return refuse_short(path, length_of(pixels), out->size);
  }
  return decode_with_gdcm(path, pixels, of_pixels, static_cast<int>(out->bits_allocated), false,
                          out);
}
