"""What a selection does to pixels: fades them out, or lets what was there show through.

Whole runs are copied, edges are calculated.
"""

import operator
import re
import struct

from . import colour_spaces as spaces

CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}
RUNS = re.compile(rb"\x00+|\xff+|[^\x00\xff]+", re.DOTALL)


def with_masked_alpha(data, selection, space):
    """``data`` with its alpha multiplied by ``selection`` (bytes, one a pixel)."""
    count, alpha = spaces.channels(space), spaces.channels(space) - 1
    out, pixel, sample = bytearray(data), spaces.size(space), spaces.SAMPLE[space.depth]
    for run in RUNS.finditer(selection):
        first, last = run.span()
        kind = selection[first]
        if kind == 255:
            continue
        if kind == 0:
            for byte in range(sample):  # nothing of any type is all bits nothing
                out[first * pixel + alpha * sample + byte : last * pixel : pixel] = bytes(last - first)
            continue
        samples = _unpacked(out[first * pixel : last * pixel], space)
        samples[alpha::count] = _scaled(samples[alpha::count], selection[first:last], space)
        out[first * pixel : last * pixel] = _packed(samples, space)
    return out


def blended(old, new, selection, space):
    """``new`` where selected, ``old`` where not, and in between at a soft edge. All of one width and height."""
    out, pixel = bytearray(new), spaces.size(space)
    for run in RUNS.finditer(selection):
        first, last = run.span()
        kind, part = selection[first], slice(first * pixel, last * pixel)
        if kind == 255:
            continue
        if kind == 0:
            out[part] = old[part]
            continue
        shares = [share for share in selection[first:last] for _channel in range(spaces.channels(space))]
        before, after = _unpacked(old[part], space), _unpacked(new[part], space)
        whole = space.depth.startswith("U")
        mixed = map(lambda a, b, share: a + (b - a) * share / 255.0, before, after, shares)
        out[part] = _packed([int(value + 0.5) for value in mixed] if whole else list(mixed), space)
    return out


def _scaled(alphas, shares, space):
    if space.depth.startswith("U"):
        return [(product + 127) // 255 for product in map(operator.mul, alphas, shares)]
    return [product / 255.0 for product in map(operator.mul, alphas, shares)]


def _unpacked(data, space):
    code = CODES[space.depth]
    return list(struct.unpack("<%d%s" % (len(data) // spaces.SAMPLE[space.depth], code), data))


def _packed(samples, space):
    return struct.pack("<%d%s" % (len(samples), CODES[space.depth]), *samples)
