#include <vitals/http/negotiate.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace negotiate_test {

using vitals::http::accepts_gzip;
using vitals::http::negotiate;
using vitals::http::page_format;

const std::string text = "text/plain; version=0.0.4; charset=utf-8";
const std::string text_1 = "text/plain; version=1.0.0; charset=utf-8; escaping=";
const std::string openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const std::string protobuf =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// The Content-Type of the answer; the format must be its.
std::string type_for(std::string_view accept) {
  const auto [format, content_type] = negotiate(accept);
  CHECK((format == page_format::openmetrics) == content_type.starts_with(openmetrics));
  CHECK((format == page_format::protobuf) == (content_type == protobuf));
  CHECK((format == page_format::prometheus_text) == content_type.starts_with("text/plain; "));
  return std::string{content_type};
}

TEST_CASE("what Prometheus 3 sends gets OpenMetrics, or protobuf where native histograms are on") {
  CHECK(type_for("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                 "application/openmetrics-text;version=0.0.1;q=0.5,"
                 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2") ==
        openmetrics + "; escaping=allow-utf-8");
  CHECK(type_for("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                 "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                 "application/openmetrics-text;version=0.0.1;q=0.4,"
                 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1") ==
        protobuf);
  // 3.0 to 3.4 put the escaping into every member
  CHECK(type_for("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                 "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,"
                 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                 "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2") ==
        openmetrics + "; escaping=allow-utf-8");
}

TEST_CASE("what Prometheus 2.42 sends gets OpenMetrics, or protobuf where native histograms are on") {
  CHECK(type_for("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == openmetrics);
  CHECK(type_for("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
                 "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
                 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == protobuf);
}

TEST_CASE("curl, a browser and who sends nothing get text") {
  CHECK(type_for("*/*") == text);
  CHECK(type_for("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8") == text);
  CHECK(type_for("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2") == text);
  CHECK(type_for("") == text);
  CHECK(type_for("  ,\t, ") == text);
  CHECK(type_for("text/html") == text);
  CHECK(type_for("application/json") == text);
}

TEST_CASE("what is malformed is passed over, and the rest counts") {
  for (const std::string malformed : {"application",
                                      "application/",
                                      "/openmetrics-text",
                                      "application openmetrics-text",
                                      "a/b/c",
                                      "*/openmetrics-text",
                                      "application/openmetrics-text;q=",
                                      "application/openmetrics-text;q=1.5",
                                      "application/openmetrics-text;q=0.1234",
                                      "application/openmetrics-text;q=-1",
                                      "application/openmetrics-text;q=high",
                                      "application/openmetrics-text;q=\"1\"",
                                      "application/openmetrics-text;q=1;q=1",
                                      "application/openmetrics-text;q =1",
                                      "application/openmetrics-text;version",
                                      "application/openmetrics-text;version=",
                                      "application/openmetrics-text;version=1.0.0;version=1.0.0",
                                      "application/openmetrics-text q=1",
                                      "application/openmetrics-text;\x80=1",
                                      "\"application/openmetrics-text\""}) {
    CAPTURE(malformed);
    CHECK(type_for(malformed) == text);
    CHECK(type_for(malformed + ", application/openmetrics-text") == openmetrics);
    CHECK(type_for("application/openmetrics-text;q=0.1," + malformed) == openmetrics);
  }
  CHECK(type_for("application/openmetrics-text;version=\"1.0.0") == text);
  CHECK(type_for("text/html;a=\", application/openmetrics-text") == text);  // all of it is inside the quotes
  CHECK(type_for(std::string_view{"application/openmetrics-text\0", 29}) == text);
}

TEST_CASE("the highest q wins, 0 refuses") {
  CHECK(type_for("text/plain;q=0.5, application/openmetrics-text;q=0.501") == openmetrics);
  CHECK(type_for("text/plain;q=0.5, application/openmetrics-text;q=0.499") == text);
  CHECK(type_for("application/openmetrics-text;q=0, text/plain;q=0.001") == text);
  CHECK(type_for("application/openmetrics-text;q=0, */*") == text);
  CHECK(type_for("application/openmetrics-text;Q=0.000") == text);
  CHECK(type_for("application/openmetrics-text;q=0.2;version=1.0.0, text/plain;q=0.1") == openmetrics);
}

TEST_CASE("of equals the one that is named most closely wins, then the first") {
  CHECK(type_for("text/plain, application/openmetrics-text") == text);
  CHECK(type_for("application/openmetrics-text, text/plain") == openmetrics);
  CHECK(type_for("text/plain, application/openmetrics-text;version=1.0.0") == openmetrics);
  CHECK(type_for("*/*, application/openmetrics-text") == openmetrics);
  CHECK(type_for("*/*, application/*") == openmetrics);
  CHECK(type_for("application/*, text/plain") == text);
  CHECK(type_for("text/plain;version=0.0.4, text/plain;version=1.0.0") == text);
  CHECK(type_for("text/plain;version=1.0.0, text/plain;version=0.0.4") == text_1 + "underscores");
  const std::string asked =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  CHECK(type_for("application/openmetrics-text;version=1.0.0," + asked) == openmetrics);
  CHECK(type_for(asked + ",application/openmetrics-text;version=1.0.0") == protobuf);
}

TEST_CASE("the closest range decides an offer's q") {
  CHECK(type_for("application/openmetrics-text;q=0.1, application/*, text/plain;q=0.5") == text);
  CHECK(type_for("application/*;q=0.1, application/openmetrics-text, text/plain;q=0.5") == openmetrics);
  CHECK(type_for("application/openmetrics-text;version=1.0.0;q=0.1, application/openmetrics-text, text/plain;q=0.5") ==
        text);
  CHECK(type_for("text/*;q=0, */*;q=0.5") == openmetrics);
  CHECK(type_for("text/plain;q=0, */*;q=0.5") == openmetrics);
  CHECK(type_for("text/plain;q=0.1, */*;q=0.5") == openmetrics);
  CHECK(type_for("*/*;q=0, text/*") == text);
  CHECK(type_for("*/*;q=0, application/*;q=0.1") == openmetrics);
  CHECK(type_for("text/plain;q=0.1, application/openmetrics-text;q=0.5, text/plain;q=0.9") == text);
  CHECK(type_for("*/*;q=0") == text);  // nothing is left: text all the same
}

TEST_CASE("a wildcard gets what its type has, and never protobuf") {
  CHECK(type_for("text/*") == text);
  CHECK(type_for("application/*") == openmetrics);
  CHECK(type_for("application/*, application/openmetrics-text;q=0") == text);
  CHECK(type_for("image/*") == text);
  CHECK(type_for("application/*;proto=io.prometheus.client.MetricFamily;encoding=delimited") == openmetrics);
}

TEST_CASE("versions matter") {
  CHECK(type_for("application/openmetrics-text;version=0.0.1") == text);
  CHECK(type_for("application/openmetrics-text;version=0.0.1, text/plain;version=1.0.0;q=0.1") ==
        text_1 + "underscores");
  CHECK(type_for("application/openmetrics-text;version=2.0.0, */*;q=0.1") == text);
  CHECK(type_for("application/openmetrics-text") == openmetrics);
  CHECK(type_for("text/plain") == text);
  CHECK(type_for("text/plain;version=0.0.4") == text);
  CHECK(type_for("text/plain;version=1.0.0") == text_1 + "underscores");
  CHECK(type_for("text/plain;version=0.0.3, application/openmetrics-text;q=0.1") == openmetrics);
}

TEST_CASE("other parameters matter where we know them") {
  CHECK(type_for("application/openmetrics-text; version=1.0.0; charset=utf-8") == openmetrics);
  CHECK(type_for("application/openmetrics-text; charset=\"UTF-8\"") == openmetrics);
  CHECK(type_for("application/openmetrics-text; charset=utf-16, text/plain;q=0.1") == text);
  CHECK(type_for("application/openmetrics-text; validchars=utf8, text/plain;q=0.1") == openmetrics);
  CHECK(type_for("application/openmetrics-text;a=1;a=2, text/plain;q=0.1") == openmetrics);
  for (const char* const less :
       {"application/vnd.google.protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
        "application/vnd.google.protobuf;encoding=delimited",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricSet;encoding=delimited"}) {
    CAPTURE(less);
    CHECK(type_for(less) == text);
  }
}

TEST_CASE("names and types are of any case, values may be quoted, blanks may stand between") {
  CHECK(type_for("APPLICATION/OpenMetrics-Text;VERSION=1.0.0") == openmetrics);
  CHECK(type_for(" \t application/openmetrics-text\t;  version=1.0.0 ; q=0.9 , text/plain ; q=0.8 ") == openmetrics);
  CHECK(type_for("application/openmetrics-text;version=\"1.0.0\"") == openmetrics);
  CHECK(type_for("application/openmetrics-text;version=\"1\\.0.0\"") == openmetrics);
  CHECK(type_for("text/plain;a=\"x, y;q=0\", application/openmetrics-text;q=0.5") == text);
  CHECK(type_for("application/openmetrics-text;a=\"x\\\", text/html;q=0\";q=0.5, text/plain;q=0.1") == openmetrics);
  CHECK(type_for("application/vnd.google.protobuf; encoding=\"delimited\"; "
                 "proto=\"io.prometheus.client.MetricFamily\"") == protobuf);
  CHECK(type_for("application/openmetrics-text;;version=1.0.0;") == openmetrics);
}

TEST_CASE("an escaping is answered with the same, an unknown one with underscores") {
  for (const std::string known : {"allow-utf-8", "underscores", "dots", "values"}) {
    CHECK(type_for("text/plain;version=1.0.0;escaping=" + known) == text_1 + known);
    CHECK(type_for("application/openmetrics-text;version=1.0.0;escaping=" + known) ==
          openmetrics + "; escaping=" + known);
  }
  for (const std::string unknown : {"none", "allow-utf8", "\"\"", "\"; x=\\\"\""}) {
    CHECK(type_for("text/plain;version=1.0.0;escaping=" + unknown) == text_1 + "underscores");
    CHECK(type_for("application/openmetrics-text;escaping=" + unknown) == openmetrics + "; escaping=underscores");
  }
  CHECK(type_for("text/plain;version=0.0.4;escaping=dots") == text);
  CHECK(type_for("text/plain;version=1.0.0;escaping=\"dots\"") == text_1 + "dots");
  CHECK(type_for("application/openmetrics-text;version=1.0.0;escaping=dots;q=0.1, application/*") ==
        openmetrics + "; escaping=dots");
}

TEST_CASE("a hostile header is read once through") {
  constexpr std::size_t size = 1'000'000;
  CHECK(type_for(std::string(size, ',')) == text);
  CHECK(type_for(std::string(size, ';')) == text);
  CHECK(type_for(std::string(size, '"')) == text);
  CHECK(type_for(std::string(size, '\\')) == text);
  CHECK(type_for("a/b;c=\"" + std::string(size, '\\')) == text);
  CHECK(type_for("text/plain" + std::string(size, ' ')) == text);
  CHECK(type_for("application/openmetrics-text" + std::string(size, ';')) == openmetrics);
  std::string many;
  while (many.size() < size) {
    many += "application/openmetrics-text;version=\"1.0.0\";q=0.001,*/*;q=0.5,";
  }
  CHECK(type_for(many) == text);
  CHECK(!accepts_gzip(std::string(size, ',')));
  CHECK(!accepts_gzip(std::string(size, '"')));
}

TEST_CASE("gzip is used where it is accepted and not less than no coding") {
  static_assert(accepts_gzip("gzip"));
  CHECK(accepts_gzip("gzip, deflate, br, zstd"));  // a browser
  CHECK(accepts_gzip("deflate , x-gzip;q=0.001"));
  CHECK(accepts_gzip("GZip"));
  CHECK(accepts_gzip("*"));
  CHECK(accepts_gzip("gzip;q=0.5, *;q=0"));
  CHECK(accepts_gzip("gzip;q=0.5, identity;q=0.5"));
  CHECK(accepts_gzip("gzip ; Q=1.000 , identity ; q=0"));
  CHECK(accepts_gzip("identity;q=0, *;q=0.1"));
}

TEST_CASE("gzip is not used where it is refused, not named, or liked less") {
  CHECK(!accepts_gzip(""));
  CHECK(!accepts_gzip("identity"));
  CHECK(!accepts_gzip("br, deflate"));
  CHECK(!accepts_gzip("notgzip, gzipped"));
  CHECK(!accepts_gzip("gzip;q=0"));
  CHECK(!accepts_gzip("gzip;q=0, *"));
  CHECK(!accepts_gzip("*;q=0"));
  CHECK(!accepts_gzip("gzip;q=0.5, identity"));
  CHECK(!accepts_gzip("*;q=0.5, identity;q=0.501"));
  CHECK(!accepts_gzip("gzip;q=0.5, *"));  // the star speaks of identity too
  CHECK(!accepts_gzip("gzip, x-gzip;q=0"));
}

TEST_CASE("a malformed coding is passed over") {
  for (const std::string malformed : {"gzip;q=2", "gzip;q=", "gzip;q", "gzip q=1", "gzip;level=9", "gzip;q=1;q=1",
                                      "\"gzip\"", "gzip/x", ";q=1", "gzip;q=\"1\""}) {
    CAPTURE(malformed);
    CHECK(!accepts_gzip(malformed));
    CHECK(accepts_gzip(malformed + ", gzip"));
  }
}

}  // namespace negotiate_test
