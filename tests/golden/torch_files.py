#!/usr/bin/env python3
"""Writes torch_zip.pt, torch_pickle.pt and torch_script.pt: the three forms in which PyTorch saves weights, to be named
and refused.

usage: torch_files.py     (in tests/golden; needs torch)
"""
import torch

layer = torch.nn.Linear(2, 1)
torch.save(layer.state_dict(), "torch_zip.pt")
torch.save(layer.state_dict(), "torch_pickle.pt", _use_new_zipfile_serialization=False)
torch.jit.script(layer).save("torch_script.pt")
