"""torchvision can be imported where its compiled operators do not fit, and is left alone where they do."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow


def run(script: str, *folders) -> str:
    """Run ``script`` in a fresh interpreter in which ``folders`` come first."""
    path = "".join(f"sys.path.insert(0, {str(folder)!r})\n" for folder in folders)
    script = f"import sys\n{path}{textwrap.dedent(script)}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_torchvision_gives_entries_and_transforms():
    """Whether or not it can be imported by itself (on machines where it cannot, this is the guard at work)."""
    out = run("""
        import torch
        from impasto.models.vision_compat import import_torchvision, published
        from impasto.models import Catalogue
        import_torchvision()
        import torchvision
        from torchvision.transforms import functional
        assert functional.rgb_to_grayscale(torch.rand(3, 4, 4)).shape == (1, 4, 4)
        for model in Catalogue.load().models():
            for source in model.sources:
                if source.kind == "torchvision":
                    entry = published(source.entry)
                    assert (entry.url, entry.sha256) == (source.url, source.sha256), source.entry
                    for ours, theirs in ((source.convention.mean, entry.mean), (source.convention.std, entry.std)):
                        assert all(abs(a - b) < 1e-6 for a, b in zip(ours, theirs)), source.entry
                    print(source.entry)
        for wrong in ("VGG19_Weights.NOPE", "Nope.NOPE"):
            try:
                published(wrong)
            except ValueError:
                continue
            raise AssertionError(wrong)
    """)
    assert out.split() == ["VGG19_Weights.IMAGENET1K_V1", "VGG16_Weights.IMAGENET1K_FEATURES"]


FITS = "import torch; assert not hasattr(torch.ops.torchvision, 'nms')"
DOES_NOT_FIT = """
import torch, torch.library
from . import part
@torch.library.register_fake("torchvision::nms")
def meta_nms(dets, scores, iou_threshold):
    return dets
@torch.library.register_fake("torchvision::qnms")
def meta_qnms(dets, scores, iou_threshold):
    return dets
"""


@pytest.mark.parametrize(
    ("package", "outcome"),
    [
        (FITS, "untouched"),
        (DOES_NOT_FIT, "declared"),
        ("raise RuntimeError('something else')", "ImportError"),
        ("raise ImportError('not here')", "ImportError"),
        ("raise RuntimeError('operator torchvision::never does not exist')", "ImportError"),
    ],
    ids=["fits", "operators missing", "other trouble", "absent", "beyond cure"],
)
def test_the_guard(tmp_path, package, outcome):
    folder = tmp_path / "torchvision"
    folder.mkdir()
    (folder / "__init__.py").write_text(package, encoding="utf-8")
    (folder / "part.py").write_text("", encoding="utf-8")
    out = run(
        """
        from impasto.models.vision_compat import import_torchvision
        try:
            import_torchvision()
        except ImportError:
            print("ImportError")
        else:
            import torch
            print("declared" if hasattr(torch.ops.torchvision, "nms") else "untouched")
    """,
        tmp_path,
    )
    assert out.strip() == outcome
