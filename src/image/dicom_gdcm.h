/* dicom_gdcm.h: between the two files that see GDCM: tags (dicom_gdcm.cpp), values
 * (dicom_values.cpp). */
#ifndef DICOM_GDCM_H
#define DICOM_GDCM_H

#include <string>

#include "dicom.h"
#include "syntax.h"

namespace gdcm {
class File;
}

constexpr int DICOM_FAILED = 1;

int dicom_refuse(const char *path, const std::string &why);
void dicom_keep_text(const std::string &text, char *out, size_t room);
/* The values of PixelData, whose tags are in *out and have been checked. */
int dicom_read_values(const char *path, const gdcm::File &file, const dicom_syntax &syntax,
                      dicom_film *out);

#endif
