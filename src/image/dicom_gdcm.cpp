/* DICOM files through GDCM: the only file that sees it.  No exception leaves it. */
#include "dicom.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <gdcmImage.h>
#include <gdcmReader.h>
#include <gdcmSequenceOfFragments.h>
#include <gdcmSequenceOfItems.h>
#include <gdcmTrace.h>

extern "C" {
#include "codestream.h"
#include "error.h"
#include "file.h"
}

namespace {

constexpr int FAILED = 1;

int refuse(const char *path, const std::string &why) {
  return fail(FAILED, "%s: cannot be read as DICOM: %s", path, why.c_str());
}

/* ---- tags ---- */

std::string bytes_of(const gdcm::DataSet &set, const gdcm::Tag &tag) {
  if (!set.FindDataElement(tag)) return "";
  const gdcm::ByteValue *value = set.GetDataElement(tag).GetByteValue();
  return value && value->GetPointer() ? std::string(value->GetPointer(), value->GetLength()) : "";
}

/* The first of the values that a backslash parts. */
std::string first_of(std::string text) {
  text.erase(std::min(text.find_first_of(std::string("\\\0", 2)), text.size()));
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string text_of(const gdcm::DataSet &set, const gdcm::Tag &tag) {
  return first_of(bytes_of(set, tag));
}

bool find_real(const gdcm::DataSet &set, const gdcm::Tag &tag, double *value) {
  std::string text = text_of(set, tag);
  char *end = nullptr;
  double found = std::strtod(text.c_str(), &end);
  if (text.empty() || end == text.c_str()) return false;
  *value = found;
  return true;
}

/* The index-th 16-bit number of an element. */
bool find_short(const gdcm::DataSet &set, const gdcm::Tag &tag, size_t index, bool is_signed,
                int64_t *value) {
  std::string bytes = bytes_of(set, tag);
  uint16_t found;
  if (bytes.size() < 2 * (index + 1)) return false;
  std::memcpy(&found, bytes.data() + 2 * index, 2);
  *value = is_signed ? static_cast<int16_t>(found) : found;
  return true;
}

int64_t short_or(const gdcm::DataSet &set, const gdcm::Tag &tag, int64_t otherwise) {
  find_short(set, tag, 0, false, &otherwise);
  return otherwise;
}

/* ---- look-up tables ---- */

/* Entries are 16-bit numbers, or 8-bit ones two of which fill a word. */
void read_table(const gdcm::DataSet &set, const gdcm::Tag &descriptor, const gdcm::Tag &data,
                bool is_signed, dicom_table *out) {
  int64_t n, first, bits;
  if (!find_short(set, descriptor, 0, false, &n) ||
      !find_short(set, descriptor, 1, is_signed, &first) ||
      !find_short(set, descriptor, 2, false, &bits)) {
    return;
  }
  if (n == 0) n = 65536;
  std::string bytes = bytes_of(set, data);
  size_t entries = static_cast<size_t>(n), each = bytes.size() >= 2 * entries ? 2 : 1;
  if (bits < 1 || bits > 16 || bytes.size() < each * entries) return;
  out->first = first;
  out->n = n;
  out->bits = static_cast<int>(bits);
  out->value = static_cast<uint16_t *>(memory_new(2 * entries));
  for (size_t i = 0; i < entries; i++) {
    if (each == 2) {
      std::memcpy(&out->value[i], bytes.data() + 2 * i, 2);
    } else {
      out->value[i] = static_cast<uint8_t>(bytes[i]);
    }
  }
}

/* The table in the first item of a sequence. */
void read_item_table(const gdcm::DataSet &set, const gdcm::Tag &sequence, bool is_signed,
                     dicom_table *out) {
  if (!set.FindDataElement(sequence)) return;
  gdcm::SmartPointer<gdcm::SequenceOfItems> items = set.GetDataElement(sequence).GetValueAsSQ();
  if (!items || items->GetNumberOfItems() < 1) return;
  read_table(items->GetItem(1).GetNestedDataSet(), gdcm::Tag(0x0028, 0x3002),
             gdcm::Tag(0x0028, 0x3006), is_signed, out);
}

void read_palette(const gdcm::DataSet &set, dicom_film *out) {
  for (uint16_t i = 0; i < 3; i++) {
    read_table(set, gdcm::Tag(0x0028, static_cast<uint16_t>(0x1101 + i)),
               gdcm::Tag(0x0028, static_cast<uint16_t>(0x1201 + i)), out->is_signed,
               &out->palette[i]);
  }
}

/* ---- the tags of an image ---- */

void read_window(const gdcm::DataSet &set, dicom_window *out) {
  std::string function = text_of(set, gdcm::Tag(0x0028, 0x1056));
  out->there = find_real(set, gdcm::Tag(0x0028, 0x1050), &out->center) &&
               find_real(set, gdcm::Tag(0x0028, 0x1051), &out->width);
  out->function = function == "SIGMOID"        ? DICOM_SIGMOID
                  : function == "LINEAR_EXACT" ? DICOM_LINEAR_EXACT
                                               : DICOM_LINEAR;
}

void read_padding(const gdcm::DataSet &set, dicom_film *out) {
  const gdcm::Tag value(0x0028, 0x0120), limit(0x0028, 0x0121);
  out->padded = find_short(set, value, 0, out->is_signed, &out->padding[0]);
  out->padding[1] = out->padding[0];
  if (!out->padded || !find_short(set, limit, 0, out->is_signed, &out->padding[1])) return;
  if (out->padding[1] < out->padding[0]) std::swap(out->padding[0], out->padding[1]);
}

void keep_text(const std::string &text, char *out, size_t room) {
  std::snprintf(out, room, "%s", text.c_str());
}

void read_tags(const gdcm::DataSet &set, dicom_film *out) {
  double frames = 1;
  find_real(set, gdcm::Tag(0x0028, 0x0008), &frames);
  out->frames = frames > 1 ? static_cast<int64_t>(std::min(frames, 1e9)) : 1;
  out->rows = short_or(set, gdcm::Tag(0x0028, 0x0010), 0);
  out->columns = short_or(set, gdcm::Tag(0x0028, 0x0011), 0);
  out->samples = short_or(set, gdcm::Tag(0x0028, 0x0002), 1);
  out->bits_allocated = short_or(set, gdcm::Tag(0x0028, 0x0100), 0);
  out->bits_stored = short_or(set, gdcm::Tag(0x0028, 0x0101), out->bits_allocated);
  out->high_bit = short_or(set, gdcm::Tag(0x0028, 0x0102), out->bits_stored - 1);
  out->is_signed = short_or(set, gdcm::Tag(0x0028, 0x0103), 0) == 1;
  out->planar = short_or(set, gdcm::Tag(0x0028, 0x0006), 0) == 1;
  out->overlay_in_bits = short_or(set, gdcm::Tag(0x6000, 0x0102), 0) > 0;
  keep_text(text_of(set, gdcm::Tag(0x0028, 0x0004)), out->photometric, sizeof out->photometric);
  out->slope = 1;
  find_real(set, gdcm::Tag(0x0028, 0x1053), &out->slope);
  find_real(set, gdcm::Tag(0x0028, 0x1052), &out->intercept);
  read_item_table(set, gdcm::Tag(0x0028, 0x3000), out->is_signed, &out->modality);
  read_item_table(set, gdcm::Tag(0x0028, 0x3010), out->is_signed && !out->modality.n, &out->voi);
  read_window(set, &out->window);
  read_padding(set, out);
  if (!std::strcmp(out->photometric, "PALETTE COLOR")) read_palette(set, out);
}

int check_tags(const char *path, int64_t most, const dicom_film *x) {
  if (!x->rows || !x->columns) {
    return refuse(path, "it has no Rows (0028,0010) or Columns (0028,0011): not an image");
  }
  if (x->frames > 1) {
    return fail(FAILED, "%s: a DICOM file of %lld frames, one is expected: export the one wanted",
                path, static_cast<long long>(x->frames));
  }
  if (x->rows * x->columns > most) {
    return fail(FAILED, "%s: cannot be decoded: %lld x %lld pixels, at most %lld are read", path,
                static_cast<long long>(x->columns), static_cast<long long>(x->rows),
                static_cast<long long>(most));
  }
  if (!*x->photometric) {
    return refuse(path, "it has no PhotometricInterpretation (0028,0004): which value is black?");
  }
  if (gdcm::PhotometricInterpretation::GetPIType(x->photometric) ==
      gdcm::PhotometricInterpretation::PI_END) {
    return fail(
        FAILED,
        "%s: cannot be read as DICOM: PhotometricInterpretation (0028,0004) is \"%s\", which "
        "DICOM does not have; correct the tag",
        path, x->photometric);
  }
  if (x->samples != 1 && x->samples != 3) return refuse(path, "SamplesPerPixel is not 1 or 3");
  if (x->bits_allocated != 8 && x->bits_allocated != 16) {
    return fail(FAILED,
                "%s: cannot be read as DICOM: BitsAllocated (0028,0100) is %lld, 8 or 16 is read",
                path, static_cast<long long>(x->bits_allocated));
  }
  if (x->bits_stored < 1 || x->bits_stored > x->high_bit + 1 || x->high_bit >= x->bits_allocated) {
    return fail(FAILED,
                "%s: cannot be read as DICOM: BitsStored %lld and HighBit %lld do not fit into "
                "BitsAllocated %lld; correct the tags",
                path, static_cast<long long>(x->bits_stored), static_cast<long long>(x->high_bit),
                static_cast<long long>(x->bits_allocated));
  }
  return 0;
}

/* ---- values ---- */

/* All fragments of an encapsulated image. */
std::string codestream_of(const gdcm::DataElement &pixels) {
  std::string all;
  const gdcm::SequenceOfFragments *fragments = pixels.GetSequenceOfFragments();
  for (gdcm::SequenceOfFragments::SizeType i = 0; i < fragments->GetNumberOfFragments(); i++) {
    const gdcm::ByteValue *value = fragments->GetFragment(i).GetByteValue();
    if (value && value->GetPointer()) all.append(value->GetPointer(), value->GetLength());
  }
  return all;
}

/* All kinds end with the marker FF D9; what fills up a fragment follows. */
bool ends_whole(const std::string &stream) {
  size_t last = stream.find_last_not_of('\0');
  return last != std::string::npos && last > 0 && stream.compare(last - 1, 2, "\xff\xd9") == 0;
}

/* Does the compressed image agree with the tags?  The decoders trust them.  *bits: its values'. */
int check_codestream(const char *path, const std::string &stream, const dicom_film *x,
                     uint16_t *bits) {
  codestream c;
  if (const char *why = codestream_read(stream.data(), stream.size(), &c)) {
    return refuse(path, std::string("its compressed image is damaged: ") + why);
  }
  if (!ends_whole(stream)) return refuse(path, "its compressed image is cut short");
  if (c.height != x->rows || c.width != x->columns || c.channels != x->samples ||
      (c.bits > 8 ? 16 : 8) != x->bits_allocated) {
    return fail(
        FAILED,
        "%s: its compressed image has %d x %d pixels of %d samples of %d bits, the tags say "
        "%lld x %lld, %lld, %lld; correct the file",
        path, c.width, c.height, c.channels, c.bits, static_cast<long long>(x->columns),
        static_cast<long long>(x->rows), static_cast<long long>(x->samples),
        static_cast<long long>(x->bits_allocated));
  }
  *bits = static_cast<uint16_t>(c.bits);
  return 0;
}

/* Of an image that is not compressed. */
size_t length_of(const gdcm::DataElement &pixels) {
  return pixels.GetByteValue() ? size_t(pixels.GetByteValue()->GetLength()) : 0;
}

int refuse_short(const char *path, size_t there, size_t wanted) {
  return fail(FAILED, "%s: truncated: its image has %zu bytes, the tags ask for %zu", path, there,
              wanted);
}

int check_data(const char *path, const gdcm::DataElement &pixels,
               const gdcm::TransferSyntax &syntax, const dicom_film *x, uint16_t *bits) {
  *bits = static_cast<uint16_t>(x->bits_allocated);
  if (pixels.GetSequenceOfFragments()) {
    if (syntax == gdcm::TransferSyntax::RLELossless) return 0;
    return check_codestream(path, codestream_of(pixels), x, bits);
  }
  if (!syntax.IsEncapsulated() && length_of(pixels) >= x->size) return 0;
  return refuse_short(path, length_of(pixels), x->size);
}

/* Two neighbours share their colour. */
bool is_subsampled(const dicom_film *x) {
  return !std::strcmp(x->photometric, "YBR_FULL_422") && x->samples == 3 && x->bits_allocated == 8;
}

/* Uncompressed: from Y Y Cb Cr (PS3.3 C.7.6.3.1.2) to Y Cb Cr Y Cb Cr; GDCM leaves it as it is. */
int expand_colours(const char *path, const gdcm::DataElement &pixels, dicom_film *out) {
  const size_t pairs = out->size / 6;
  if (out->columns % 2 || out->planar) {
    return refuse(path, "YBR_FULL_422 needs an even number of columns and PlanarConfiguration 0");
  }
  if (length_of(pixels) >= out->size) {
    return refuse(path, "it is said to be YBR_FULL_422, but has all samples: are they RGB or "
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

/* Values of `bits` bits; which of them are stored is not GDCM's business. */
gdcm::PixelFormat format_of(const dicom_film *x, uint16_t bits) {
  return gdcm::PixelFormat(static_cast<uint16_t>(x->samples),
                           static_cast<uint16_t>(x->bits_allocated), bits,
                           static_cast<uint16_t>(bits - 1), x->is_signed ? 1 : 0);
}

/* GDCM's decoders give what `image` says after they have run. */
int decode(const char *path, const gdcm::DataElement &pixels, const gdcm::TransferSyntax &syntax,
           uint16_t bits, dicom_film *out) {
  gdcm::Image image;
  image.SetNumberOfDimensions(2);
  image.SetDimension(0, static_cast<unsigned>(out->columns));
  image.SetDimension(1, static_cast<unsigned>(out->rows));
  image.SetPixelFormat(format_of(out, bits));
  image.SetPhotometricInterpretation(gdcm::PhotometricInterpretation::GetPIType(out->photometric));
  image.SetPlanarConfiguration(out->planar ? 1 : 0);
  image.SetTransferSyntax(syntax);
  image.SetDataElement(pixels);
  if (image.GetBufferLength() != out->size) return refuse(path, "its tags contradict each other");
  out->values = memory_new(out->size);
  if (!image.GetBuffer(static_cast<char *>(out->values))) {
    return fail(
        FAILED,
        "%s: its image cannot be decoded: it is damaged, or its transfer syntax, %s, is not "
        "one of JPEG, JPEG-LS, JPEG 2000, RLE and none",
        path, out->syntax);
  }
  out->planar = out->samples == 3 && image.GetPlanarConfiguration() == 1;
  keep_text(first_of(image.GetPhotometricInterpretation().GetString()), out->photometric,
            sizeof out->photometric);
  return 0;
}

int read_values(const char *path, const gdcm::File &file, dicom_film *out) {
  const gdcm::Tag tag(0x7fe0, 0x0010);
  gdcm::TransferSyntax syntax = file.GetHeader().GetDataSetTransferSyntax();
  const char *name = syntax.GetString();
  keep_text(name ? name : "", out->syntax, sizeof out->syntax);
  if (!file.GetDataSet().FindDataElement(tag)) {
    return refuse(path, "it has no image (PixelData); is it a report or an index?");
  }
  const gdcm::DataElement &pixels = file.GetDataSet().GetDataElement(tag);
  out->size =
      static_cast<size_t>(out->rows * out->columns * out->samples * out->bits_allocated / 8);
  if (is_subsampled(out) && !syntax.IsEncapsulated()) return expand_colours(path, pixels, out);
  uint16_t bits;
  if (int status = check_data(path, pixels, syntax, out, &bits)) return status;
  return decode(path, pixels, syntax, bits, out);
}

/* GDCM fills a value that the file does not hold to its end with zeros; this remembers it. */
class watched_buffer : public std::stringbuf {
public:
  explicit watched_buffer(const std::string &all) : std::stringbuf(all, std::ios::in) {}
  bool cut_short = false;

protected:
  std::streamsize xsgetn(char *to, std::streamsize n) override {
    constexpr std::streamsize HEADER = 8; /* of an element: its tag and length */
    if (n > HEADER && n > egptr() - gptr()) cut_short = true;
    return std::stringbuf::xsgetn(to, n);
  }
};

int read_file(const char *path, const void *data, size_t size, int64_t most, dicom_film *out) {
  watched_buffer buffer(std::string(static_cast<const char *>(data), size));
  std::istream stream(&buffer);
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
  gdcm::Trace::DebugOff();
  gdcm::Reader reader;
  reader.SetStream(stream);
  bool read = reader.Read();
  bool deflated = reader.GetFile().GetHeader().GetDataSetTransferSyntax() ==
                  gdcm::TransferSyntax::DeflatedExplicitVRLittleEndian;
  if (!read || (buffer.cut_short && !deflated)) return refuse(path, "it is damaged or cut short");
  read_tags(reader.GetFile().GetDataSet(), out);
  if (int status = check_tags(path, most, out)) return status;
  return read_values(path, reader.GetFile(), out);
}

} // namespace

int dicom_read(const char *path, const void *data, size_t size, int64_t most, dicom_film *out) {
  std::memset(out, 0, sizeof *out);
  try {
    return read_file(path, data, size, most, out);
  } catch (const std::exception &e) {
    return refuse(path, e.what());
  } catch (...) {
    return refuse(path, "it is damaged");
  }
}

void dicom_release(dicom_film *x) {
  std::free(x->modality.value);
  std::free(x->voi.value);
  for (dicom_table &palette : x->palette) std::free(palette.value);
  std::free(x->values);
  std::memset(x, 0, sizeof *x);
}
