"""What our gzip compresses, the gzip of the system and Python's read."""

import gzip
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from relay import SAMPLE


class RoundTrips(unittest.TestCase):
    def test_files(self):
        chance = random.Random(1)
        contents = [b"", b"a", SAMPLE.read_bytes() * 3, chance.randbytes(1_000_000), bytes(2_000_000)]
        for limit in (4096, 32768 - 262, 32768, 65536 - 262, 65536, 131072):
            contents += [chance.randbytes(size) for size in range(limit - 2, limit + 3)]
            contents += [bytes(chance.choices(b"abc", k=size)) for size in range(limit - 2, limit + 3)]
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, str(i)) for i in range(len(contents))]
            for path, content in zip(paths, contents):
                path.write_bytes(content)
            subprocess.run([os.environ["GZIP_FILTER"], *paths], check=True)
            for path, content in zip(paths, contents):
                packed = pathlib.Path(f"{path}.gz")
                self.assertTrue(gzip.decompress(packed.read_bytes()) == content, len(content))
                read = subprocess.run(["gzip", "-dc", packed], stdout=subprocess.PIPE, check=True).stdout
                self.assertTrue(read == content, len(content))


if __name__ == "__main__":
    unittest.main()
