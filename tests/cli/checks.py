"""What the check_*.py have in common: what is not as it should be is printed, and the exit status says whether anything was."""
import math
import sys

faults = 0


def check(holds, what):
    global faults
    if not holds:
        faults += 1
        print("not as it should be:", what)


def near(a, b, what, absolute=0.0):
    check(a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=absolute), f"{what}: {a}, not {b}")


def end():
    sys.exit(1 if faults else 0)
