#include <vitals/http/guarded_file.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <scratch_folder.hpp>

namespace guarded_file_tests {

using namespace vitals::http::detail;

struct folder : scratch_folder {
  [[nodiscard]] std::string file(const std::string& name, std::string_view text, mode_t mode) const {
    const std::string at = *this / name;
    std::ofstream{at} << text;
    REQUIRE(::chmod(at.c_str(), mode) == 0);
    return at;
  }
};

struct outcome {
  std::string text{};
  std::string error{};
  std::vector<std::string> warnings{};
};
outcome read(const std::string& path, file_use use = file_use::secret) {
  outcome o;
  try {
    o.text = read_guarded(path, use, [&o](std::string_view w) { o.warnings.emplace_back(w); });
  } catch (const std::system_error& e) {
    o.error = e.what();
  }
  return o;
}

TEST_CASE("a file of the program's own is read without a word") {
  const folder f;
  const outcome o = read(f.file("own", "text\n", 0600));
  CHECK(o.text == "text\n");
  CHECK(o.warnings.empty());
}

TEST_CASE("a file that anybody may write is refused, with what to do") {
  const folder f;
  const std::string path = f.file("open", "text", 0602);
  CHECK(read(path).error.find("\"" + path + "\" can be written by anybody: chmod o-w " + path) != std::string::npos);
  CHECK(read(path, file_use::trusted).error.find("written by anybody") != std::string::npos);
  const std::string replaceable = f.file("own", "text", 0600);
  REQUIRE(::chmod(f.path().c_str(), 0777) == 0);
  CHECK(read(replaceable).error.find("replaced by anybody: chmod o-w " + f.path()) != std::string::npos);
  REQUIRE(::chmod(f.path().c_str(), 01777) == 0);  // as /tmp
  CHECK(read(replaceable).text == "text");
}

TEST_CASE("a secret that others may read is a warning") {
  const folder f;
  const std::string path = f.file("seen", "text", 0644);
  const outcome o = read(path);
  CHECK(o.text == "text");
  REQUIRE(o.warnings.size() == 1);
  CHECK(o.warnings[0].find("can be read by anybody: chmod o-r " + path) != std::string::npos);
  CHECK(read(path, file_use::trusted).warnings.empty());
  CHECK(read(f.file("group", "text", 0660)).warnings.size() == 1);
}

TEST_CASE("what is no file to read is refused") {
  const folder f;
  CHECK(read(f / "none").error.find("cannot be read: see that it is there") != std::string::npos);
  CHECK(read(f.path()).error.find("no regular file") != std::string::npos);
  REQUIRE(::mkfifo((f / "pipe").c_str(), 0600) == 0);
  CHECK(read(f / "pipe").error.find("no regular file") != std::string::npos);  // and does not wait
  CHECK(read(f.file("large", std::string(2 << 20, 'x'), 0600)).error.find("too large") != std::string::npos);
}

TEST_CASE("a change of a file is seen once, and looked for once a second") {
  using namespace std::chrono_literals;
  const folder f;
  const std::string path = f.file("own", "text", 0600);
  file_watch watch{{path}};
  const auto start = file_watch::clock::now();
  CHECK_FALSE(watch.changed(start));
  const std::string other = f.file("other", "TEXT", 0600);
  std::filesystem::rename(other, path);  // the same size
  CHECK_FALSE(watch.changed(start + 500ms));
  CHECK(watch.changed(start + 1s));
  CHECK_FALSE(watch.changed(start + 3s));
  std::filesystem::remove(path);
  CHECK(watch.changed(start + 5s));
}

}  // namespace guarded_file_tests
