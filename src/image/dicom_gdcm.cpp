/* The tags of DICOM files, through GDCM.  No exception leaves this file. */
#include "dicom_gdcm.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <gdcmPhotometricInterpretation.h>
#include <gdcmReader.h>
#include <gdcmSequenceOfItems.h>
#include <gdcmTrace.h>

extern "C" {
#include "error.h"
#include "memory.h"
#include "numeral.h"
}

int dicom_refuse(const char *path, const std::string &why) {
  return fail(DICOM_FAILED, "%s: cannot be read as DICOM: %s", path, why.c_str());
}

void dicom_keep_text(const std::string &text, char *out, size_t room) {
  std::snprintf(out, room, "%s", text.c_str());
}

namespace {

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
  double found = numeral_read(text.c_str(), &end);
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

/* What LUTDescriptor, tag `descriptor`, says: entries, first input, bits. */
bool read_descriptor(const gdcm::DataSet &set, const gdcm::Tag &descriptor, bool is_signed,
                     dicom_table *out) {
  int64_t bits;
  if (!find_short(set, descriptor, 0, false, &out->n) ||
      !find_short(set, descriptor, 1, is_signed, &out->first) ||
      !find_short(set, descriptor, 2, false, &bits) || bits < 1 || bits > 16) {
    return false;
  }
  if (out->n == 0) out->n = 65536;
  out->bits = static_cast<int>(bits);
  return true;
}

/* Entries are 16-bit numbers, or 8-bit ones two of which fill a word. */
void read_entries(const std::string &bytes, dicom_table *out) {
  const size_t n = static_cast<size_t>(out->n);
  const bool wide = bytes.size() >= 2 * n;
  out->value = static_cast<uint16_t *>(memory_new(2 * n));
  for (size_t i = 0; i < n; i++) {
    if (wide) {
      std::memcpy(&out->value[i], bytes.data() + 2 * i, 2);
    } else {
      out->value[i] = static_cast<uint8_t>(bytes[i]);
    }
  }
  out->largest = *std::max_element(out->value, out->value + n);
}

/* The entries that the descriptor promises, of the bits that it promises?  Else why not. */
std::string fault_of(const dicom_table &t, size_t bytes) {
  const size_t n = static_cast<size_t>(t.n), there = t.bits > 8 ? bytes / 2 : bytes;
  if (there < n) {
    return "says " + std::to_string(n) + " entries of " + std::to_string(t.bits) +
           " bits, the table has " + std::to_string(there);
  }
  return t.largest >> t.bits ? "says " + std::to_string(t.bits) +
                                   " bits, the table has the entry " + std::to_string(t.largest)
                             : "";
}

/* name: of the sequence or palette, for messages. */
void read_table(const gdcm::DataSet &set, const std::string &name, const gdcm::Tag &descriptor,
                const gdcm::Tag &data, bool is_signed, dicom_table *out) {
  std::string bytes = bytes_of(set, data), fault = "is missing or damaged";
  if (read_descriptor(set, descriptor, is_signed, out)) {
    if (bytes.size() >= static_cast<size_t>(out->n)) read_entries(bytes, out);
    fault = fault_of(*out, bytes.size());
  }
  if (fault.empty()) return;
  if (bytes.empty()) fault = "has no table; a segmented one is not read";
  out->n = 0;
  char where[16];
  std::snprintf(where, sizeof where, "(%04x,%04x)", descriptor.GetGroup(), descriptor.GetElement());
  dicom_keep_text(name + " " + where + " " + fault, out->fault, sizeof out->fault);
}

/* The table in the first item of a sequence. */
void read_item_table(const gdcm::DataSet &set, const gdcm::Tag &sequence, const char *name,
                     bool is_signed, dicom_table *out) {
  if (!set.FindDataElement(sequence)) return;
  gdcm::SmartPointer<gdcm::SequenceOfItems> items = set.GetDataElement(sequence).GetValueAsSQ();
  if (!items || items->GetNumberOfItems() < 1) return;
  read_table(items->GetItem(1).GetNestedDataSet(), std::string(name) + ": LUTDescriptor",
             gdcm::Tag(0x0028, 0x3002), gdcm::Tag(0x0028, 0x3006), is_signed, out);
}

void read_palette(const gdcm::DataSet &set, dicom_film *out) {
  for (uint16_t i = 0; i < 3; i++) {
    read_table(set, "PaletteColorLookupTableDescriptor",
               gdcm::Tag(0x0028, static_cast<uint16_t>(0x1101 + i)),
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
  dicom_keep_text(text_of(set, gdcm::Tag(0x0028, 0x0004)), out->photometric,
                  sizeof out->photometric);
  out->slope = 1;
  find_real(set, gdcm::Tag(0x0028, 0x1053), &out->slope);
  find_real(set, gdcm::Tag(0x0028, 0x1052), &out->intercept);
  read_item_table(set, gdcm::Tag(0x0028, 0x3000), "ModalityLUTSequence", out->is_signed,
                  &out->modality);
  read_item_table(set, gdcm::Tag(0x0028, 0x3010), "VOILUTSequence",
                  out->is_signed && !out->modality.n, &out->voi);
  read_window(set, &out->window);
  read_padding(set, out);
  if (!std::strcmp(out->photometric, "PALETTE COLOR")) read_palette(set, out);
}

int check_tags(const char *path, int64_t most, const dicom_film *x) {
  if (!x->rows || !x->columns) {
    return dicom_refuse(path, "it has no Rows (0028,0010) or Columns (0028,0011): not an image");
  }
  if (x->frames > 1) {
    return fail(DICOM_FAILED,
                "%s: a DICOM file of %lld frames, one is expected: export the one wanted", path,
                static_cast<long long>(x->frames));
  }
  if (x->rows * x->columns > most) {
    return fail(DICOM_FAILED, "%s: cannot be decoded: %lld x %lld pixels, at most %lld are read",
                path, static_cast<long long>(x->columns), static_cast<long long>(x->rows),
                static_cast<long long>(most));
  }
  if (!*x->photometric) {
    return dicom_refuse(path,
                        "it has no PhotometricInterpretation (0028,0004): which value is black?");
  }
  if (gdcm::PhotometricInterpretation::GetPIType(x->photometric) ==
      gdcm::PhotometricInterpretation::PI_END) {
    return fail(
        DICOM_FAILED,
        "%s: cannot be read as DICOM: PhotometricInterpretation (0028,0004) is \"%s\", which "
        "DICOM does not have; correct the tag",
        path, x->photometric);
  }
  if (x->samples != 1 && x->samples != 3)
    return dicom_refuse(path, "SamplesPerPixel is not 1 or 3");
  if (x->bits_allocated != 8 && x->bits_allocated != 16) {
    return fail(DICOM_FAILED,
                "%s: cannot be read as DICOM: BitsAllocated (0028,0100) is %lld, 8 or 16 is read",
                path, static_cast<long long>(x->bits_allocated));
  }
  if (x->bits_stored < 1 || x->bits_stored > x->high_bit + 1 || x->high_bit >= x->bits_allocated) {
    return fail(DICOM_FAILED,
                "%s: cannot be read as DICOM: BitsStored %lld and HighBit %lld do not fit into "
                "BitsAllocated %lld; correct the tags",
                path, static_cast<long long>(x->bits_stored), static_cast<long long>(x->high_bit),
                static_cast<long long>(x->bits_allocated));
  }
  return 0;
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

/* The syntax by which GDCM parses the data set, which decides neither how its pixels are read: JPEG
 * 2000 for High-Throughput JPEG 2000, which it does not know, and with or without representations
 * as the data set is written. */
std::string parsed_syntax(const dicom_syntax &syntax) {
  using gdcm::TransferSyntax;
  const dicom_writing stated = syntax_writing(syntax.uid);
  if (stated == DICOM_EXPLICIT && syntax.found == DICOM_IMPLICIT) {
    return TransferSyntax::GetTSString(TransferSyntax::ImplicitVRLittleEndian);
  }
  if (stated == DICOM_IMPLICIT && syntax.found == DICOM_EXPLICIT) {
    return TransferSyntax::GetTSString(TransferSyntax::ExplicitVRLittleEndian);
  }
  return syntax_is_ht(syntax.uid) ? TransferSyntax::GetTSString(TransferSyntax::JPEG2000)
                                  : syntax.uid;
}

/* The file with another syntax in the old one's place, behind its length. */
std::string restate(std::string file, const dicom_syntax &old, std::string uid) {
  if (uid == old.uid) return file;
  if (uid.size() % 2) uid.push_back('\0');
  file[old.at - 2] = static_cast<char>(uid.size());
  file[old.at - 1] = 0;
  return file.replace(old.at, old.length, uid);
}

/* Byte orders that differ, or a data set that is deflated and is not. */
bool contradicts(const dicom_syntax &syntax) {
  const dicom_writing stated = syntax_writing(syntax.uid);
  const bool deflated = gdcm::TransferSyntax::GetTSType(syntax.uid) ==
                        gdcm::TransferSyntax::DeflatedExplicitVRLittleEndian;
  if (syntax.found == DICOM_UNKNOWN || (stated == DICOM_UNKNOWN && !deflated)) return false;
  return deflated || (stated == DICOM_BIG_ENDIAN) != (syntax.found == DICOM_BIG_ENDIAN);
}

int refuse_file(const char *path, const dicom_syntax &syntax) {
  if (syntax.header && !*syntax.uid) {
    return dicom_refuse(path, "its header has no TransferSyntaxUID (0002,0010)");
  }
  return dicom_refuse(path, "it is damaged or cut short");
}

int read_file(const char *path, const void *data, size_t size, int64_t most, dicom_film *out) {
  dicom_syntax syntax;
  syntax_read(data, size, &syntax);
  if (syntax.directory) return dicom_refuse(path, "it is an index of other files (DICOMDIR)");
  if (contradicts(syntax)) {
    static const char *const writing[] = {"", "in implicit VR little endian",
                                          "in explicit VR little endian",
                                          "in explicit VR big endian"};
    return dicom_refuse(path, std::string("its data set is written ") + writing[syntax.found] +
                                  ", its transfer syntax, " + syntax.uid +
                                  ", says otherwise; correct TransferSyntaxUID (0002,0010)");
  }
  const std::string parsed = parsed_syntax(syntax);
  if (*syntax.uid &&
      gdcm::TransferSyntax::GetTSType(parsed.c_str()) == gdcm::TransferSyntax::TS_END) {
    return dicom_refuse(path, std::string("its transfer syntax, ") + syntax.uid + ", is not read");
  }
  watched_buffer buffer(
      restate(std::string(static_cast<const char *>(data), size), syntax, parsed));
  std::istream stream(&buffer);
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
  gdcm::Trace::DebugOff();
  gdcm::Reader reader;
  reader.SetStream(stream);
  bool read = reader.Read();
  bool deflated = reader.GetFile().GetHeader().GetDataSetTransferSyntax() ==
                  gdcm::TransferSyntax::DeflatedExplicitVRLittleEndian;
  if (!read || (buffer.cut_short && !deflated)) return refuse_file(path, syntax);
  read_tags(reader.GetFile().GetDataSet(), out);
  if (int status = check_tags(path, most, out)) return status;
  return dicom_read_values(path, reader.GetFile(), syntax, out);
}

} // namespace

int dicom_read(const char *path, const void *data, size_t size, int64_t most, dicom_film *out) {
  std::memset(out, 0, sizeof *out);
  try {
    return read_file(path, data, size, most, out);
  } catch (const std::exception &e) {
    return dicom_refuse(path, e.what());
  } catch (...) {
    return dicom_refuse(path, "it is damaged");
  }
}

void dicom_release(dicom_film *x) {
  std::free(x->modality.value);
  std::free(x->voi.value);
  for (dicom_table &palette : x->palette) std::free(palette.value);
  std::free(x->values);
  std::memset(x, 0, sizeof *x);
}
