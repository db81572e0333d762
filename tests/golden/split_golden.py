"""Random sites of grouped images, and how even scikit-learn's StratifiedGroupKFold splits them.

    split_golden.py >split.tsv

A line `site S CLASSES WORST`: WORST is the largest difference, in images, between a class's number in a fold of ten and a
tenth of the class, over classes, averaged over the folds; then a line `GROUP CLASS` for each image.  scikit-learn 1.6 or later.
"""
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

for site in range(12):
    random = np.random.RandomState(site)
    classes = [2, 2, 3, 4][site % 4]
    patients = [60, 150, 300][site % 3]
    share = random.dirichlet(np.full(classes, 3.0))
    group, label = [], []
    for patient in range(patients):
        usual = random.choice(classes, p=share)
        for _ in range(1 + random.poisson(1.0)):
            group.append(patient)
            label.append(usual if random.rand() < 0.8 else random.choice(classes, p=share))
    label, group = np.array(label), np.array(group)
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=1).split(label, label, group)
    count = np.array([np.bincount(label[test], minlength=classes) for _, test in folds])
    worst = np.abs(count - np.bincount(label, minlength=classes) / 10).max(axis=1).mean()
    print(f"site\t{site}\t{classes}\t{worst:.3f}")
    for g, c in zip(group, label):
        print(f"{g}\t{c}")
