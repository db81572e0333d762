#!/usr/bin/env python3
"""Writes four synthetic archives with the layouts, header rows and sizes of the paper's four: NIH, CheXpert,
MIMIC-CXR-JPG and PadChest, 868,549 rows together.  The rows are invented, by a fixed seed.

usage: archives.py DIR [--share S] [--images N] [--side PIXELS]

--share S    only this share of the rows (default 1)
--images N   small PNG films for the first N rows of each archive, under the archive's own paths (default 0);
             the label files are then cut to these rows, so that every image is there
"""
import argparse
import csv
import os
import random
import struct
import zlib

FINDINGS = ["No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
            "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other",
            "Fracture", "Support Devices"]
NIH = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
       "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax"]
PADCHEST = ["normal", "normal", "normal", "infiltrates", "alveolar pattern", "pneumonia", "cardiomegaly", "scoliosis",
            "pacemaker", "pleural effusion", "interstitial pattern", "aortic elongation", "nodule", "unchanged",
            "laminar atelectasis", "chronic changes", "suboptimal study", "exclude", "Chilaiditi's sign"]
PADCHEST_COLUMNS = (
    ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,ViewPosition_DICOM,"
    "Projection,MethodProjection,Pediatric,Modality_DICOM,Manufacturer_DICOM,PhotometricInterpretation_DICOM,"
    "PixelRepresentation_DICOM,PixelAspectRatio_DICOM,SpatialResolution_DICOM,BitsStored_DICOM,"
    "WindowCenter_DICOM,WindowWidth_DICOM,Rows_DICOM,Columns_DICOM,XRayTubeCurrent_DICOM,Exposure_DICOM,"
    "ExposureInuAs_DICOM,ExposureTime,RelativeXRayExposure_DICOM,ReportID,Report,MethodLabel,Labels,"
    "Localizations,LabelsLocalizationsBySentence,labelCUIS,LocalizationsCUIS").split(",")
ROWS = {"nih": (112120, 30805), "chexpert": (223648, 64740), "mimic": (371920, 65088), "padchest": (160861, 67625)}


def png(pixels, side, bits):
    """A gray PNG file of side x side values."""
    line = struct.Struct(">%d%s" % (side, "H" if bits == 16 else "B"))
    raw = b"".join(b"\0" + line.pack(*pixels[i * side:(i + 1) * side]) for i in range(side))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0)), (b"IDAT", zlib.compress(raw, 1)),
             (b"IEND", b"")]
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


class Archive:
    """One folder: its label files and its films."""

    def __init__(self, name, o):
        self.folder = os.path.join(o.dir, name)
        self.random = random.Random(name)
        self.side = o.side
        rows, patients = ROWS[name]
        self.rows = max(50, int(rows * o.share))
        self.patients = max(10, int(patients * o.share))
        self.films = o.images
        if o.images:
            self.patients = max(2, self.patients * min(o.images, self.rows) // self.rows)
            self.rows = min(self.rows, o.images)
        os.makedirs(self.folder, exist_ok=True)

    def table(self, name, header, rows, **how):
        with open(os.path.join(self.folder, name), "w", newline="", encoding="utf-8") as f:
            if isinstance(header, str):
                f.write(header + "\n")
            writer = csv.writer(f, lineterminator="\n", **how)
            if not isinstance(header, str):
                writer.writerow(header)
            writer.writerows(rows)

    def film(self, path, bits=8, most=255):
        if not self.films:
            return
        whole = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        level = self.random.randrange(most // 4, most // 2)
        pixels = [min(most, level + self.random.randrange(most // 3)) for _ in range(self.side * self.side)]
        with open(whole, "wb") as f:
            f.write(png(pixels, self.side, bits))


def nih(a):
    r, rows, seen = a.random, [], {}
    for i in range(a.rows):
        patient = i % a.patients + 1
        number = seen[patient] = seen.get(patient, -1) + 1
        findings = [] if r.random() < 0.54 else r.sample(NIH, min(len(NIH), 1 + int(r.expovariate(1.5))))
        age = r.choice([0, 414]) if r.random() < 0.0005 else r.randint(1, 95)
        name = "%08d_%03d.png" % (patient, number)
        rows.append([name, "|".join(sorted(findings)) or "No Finding", number, patient, age, r.choice("MF"),
                     r.choice(["PA", "PA", "AP"]), 2500, 2048, 0.168, 0.168])
        a.film("images/" + name)
    a.table("Data_Entry_2017_v2020.csv",
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
            "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]", rows)
    names = [row[0] for row in rows]
    with open(os.path.join(a.folder, "train_val_list.txt"), "w") as f:
        f.write("\n".join(names[:len(names) * 4 // 5]))


def chexpert_findings(r):
    if r.random() < 0.1:
        return ["1.0"] + [""] * 13
    return [""] + [r.choices(["", "1.0", "0.0", "-1.0"], [75, 14, 6, 5])[0] for _ in FINDINGS[1:]]


def chexpert(a):
    r, rows = a.random, []
    while len(rows) < a.rows:
        patient = len(rows) % a.patients + 1
        study, findings = len(rows) // a.patients + 1, chexpert_findings(r)
        sex, age = r.choice(["Male", "Female", "Unknown"] if r.random() < 0.001 else ["Male", "Female"]), r.randint(0, 90)
        frontal = r.random() < 0.855
        view = r.choices(["AP", "PA", "LL"], [845, 154, 1])[0] if frontal else ""
        path = "train/patient%05d/study%d/view1_%s.jpg" % (patient, study, "frontal" if frontal else "lateral")
        rows.append(["CheXpert-v1.0-small/" + path, sex, age, "Frontal" if frontal else "Lateral", view] + findings)
        a.film(path)
    a.table("train.csv", ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"] + FINDINGS, rows)


def mimic(a):
    r, images, studies, names = a.random, [], {}, sorted(FINDINGS)
    for i in range(a.rows):
        subject = 10000000 + 137 * (i % a.patients)
        study = 50000000 + i % max(1, a.rows * 6 // 10)
        subject = studies.setdefault(study, subject)
        dicom = "-".join("%08x" % r.getrandbits(32) for _ in range(5))
        view = r.choices(["AP", "PA", "LATERAL", "LL", "", "AP AXIAL", "XTABLE LATERAL", "LPO"],
                         [380, 250, 220, 90, 43, 3, 3, 1])[0]
        code = r.choice(["antero-posterior", "postero-anterior", "lateral"]) if not view else view.lower()
        images.append([dicom, subject, study, 'CHEST (PA AND LAT), "PORTABLE"', view, 3056, 2544, 21800506, "213014.531",
                       "CHEST (PA AND LAT)", code, "Erect"])
        a.film("files/p%d/p%d/s%d/%s.jpg" % (subject // 1000000, subject, study, dicom))
    a.table("mimic-cxr-2.0.0-metadata.csv",
            ["dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows", "Columns",
             "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning",
             "PatientOrientationCodeSequence_CodeMeaning"], images)
    labels = []
    for study, subject in studies.items():
        if r.random() < 0.005:
            continue  # no report section: no label
        values = dict(zip(FINDINGS, chexpert_findings(r)))
        labels.append([subject, study] + [values[n] for n in names])
    a.table("mimic-cxr-2.0.0-chexpert.csv", ["subject_id", "study_id"] + names, labels)
    a.table("mimic-cxr-2.0.0-split.csv", ["dicom_id", "study_id", "subject_id", "split"],
            [[i[0], i[2], i[1], "test" if i[1] % 70 == 0 else "train"] for i in images])


def padchest(a):
    r, rows = a.random, []
    for i in range(a.rows):
        number = 10 ** 37 * 7 + i % a.patients  # of 38 digits
        study = "%d" % (10 ** 38 + i // 2)
        image = "%s_%02d-%03d-%03d.png" % (study, i % 55, r.randrange(200), r.randrange(200))
        image = image.replace(".png", "_%d.png" % i)
        labels = "" if r.random() < 0.002 else repr(
            r.choice([[], [""]]) if r.random() < 0.003 else
            [(" " if r.random() < 0.01 else "") + t for t in r.sample(PADCHEST[2:], r.choice([1, 1, 2, 3]))])
        child = r.random() < 0.01
        row = dict.fromkeys(PADCHEST_COLUMNS, "")
        row.update({
            "": i, "ImageID": image, "ImageDir": i % 55, "StudyDate_DICOM": "%d0916" % r.randint(2009, 2017),
            "StudyID": study, "PatientID": number, "PatientBirth": "" if r.random() < 0.002 else
            "%d.0" % (r.randint(2003, 2008) if child else r.randint(1920, 1995)),
            "PatientSex_DICOM": r.choice("MF"), "Projection": r.choices(
                ["PA", "L", "AP_horizontal", "AP", "COSTAL", "EXCLUDE"], [570, 310, 90, 20, 4, 1])[0],
            "MethodProjection": "Manual review of DICOM fields", "Pediatric": "PED" if child else "No",
            "Modality_DICOM": "CR", "Manufacturer_DICOM": r.choice(["PhilipsMedicalSystems", "ImagingDynamicsCompanyLtd"]),
            "PhotometricInterpretation_DICOM": "MONOCHROME2", "BitsStored_DICOM": 12, "ReportID": 4700000 + i // 2,
            "Report": "sin hallazgo . se recomienda, \"control\" ." + " patron intersticial ." * r.randrange(8),
            "MethodLabel": r.choice(["Physician", "RNN_model", "RNN_model"]), "Labels": labels,
            "Localizations": "['loc basal bilateral']", "LabelsLocalizationsBySentence": "[['normal'], ['normal']]"})
        rows.append([row[c] for c in PADCHEST_COLUMNS])
        a.film("%d/%s" % (i % 55, image), 16, 4095)
    a.table("PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", PADCHEST_COLUMNS, rows)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("dir")
    p.add_argument("--share", type=float, default=1)
    p.add_argument("--images", type=int, default=0)
    p.add_argument("--side", type=int, default=32)
    o = p.parse_args()
    for name, write in (("nih", nih), ("chexpert", chexpert), ("mimic", mimic), ("padchest", padchest)):
        write(Archive(name, o))


main()
