#include <vitals/http/credentials.hpp>

#include <doctest/doctest.h>

#include <string>

namespace credentials_tests {

using vitals::http::detail::credentials;
using enum credentials::scheme;

TEST_CASE("a name and a password") {
  const credentials c{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="};  // RFC 7617, 2
  CHECK(c.is() == basic);
  CHECK(c.user() == "Aladdin");
  CHECK(c.password() == "open sesame");
  CHECK(credentials{"bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}.is() == basic);
  CHECK(credentials{"Basic dGVzdDoxMjPCow=="}.password() == "123\xC2\xA3");
  const credentials colons{"Basic YTpiOmM="};
  CHECK(colons.user() == "a");
  CHECK(colons.password() == "b:c");
  CHECK(credentials{"Basic YTo="}.password().empty());
}

TEST_CASE("a token") {
  const credentials c{"Bearer mF_9.B5f-4.1JqM~+/=="};
  CHECK(c.is() == bearer);
  CHECK(c.token() == "mF_9.B5f-4.1JqM~+/==");
}

TEST_CASE("nothing else is taken") {
  CHECK(credentials{""}.is() == none);
  for (const char* const line : {"Basic",
                                 "Basic ",
                                 "Basic !!!!",
                                 "Basic YTpi=",
                                 "Basic YTpiY",
                                 "Basic YTpi YTpi",
                                 "Basic YTpi, Basic YTpi",
                                 "Basic YTpiYz==",  // bits that are left over
                                 "Basic YWJj",      // no colon
                                 "Basic YTpiAGM=",  // a:b, a NUL, c
                                 "Basic YTpiCmM=",  // a:b, a line's end, c
                                 "Bearer",
                                 "Bearer ",
                                 "Bearer a b",
                                 "Bearer =",
                                 "Bearer a=b",
                                 "Bearer a, Bearer a",
                                 "Digest username=a",
                                 "Bearera",
                                 "BasicYTpi"}) {
    CAPTURE(line);
    CHECK(credentials{line}.is() == malformed);
  }
  CHECK(credentials{"Basic " + std::string(4096, 'A')}.is() == malformed);
}

}  // namespace credentials_tests
