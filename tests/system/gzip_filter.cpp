// Compresses each of the files that are named, with one compressor: FILE becomes FILE.gz.
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

#include <vitals/http/gzip.hpp>

int main(int argc, char** argv) {
  vitals::http::gzip gzip;
  std::string packed;
  for (int i = 1; i != argc; ++i) {
    std::ifstream file{argv[i], std::ios::binary};
    gzip.compress(std::string{std::istreambuf_iterator<char>{file}, {}}, packed);
    std::ofstream{std::string{argv[i]} + ".gz", std::ios::binary} << packed;
  }
}
