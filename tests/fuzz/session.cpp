// A whole connection over a stream in memory: what is answered does not depend on how the bytes come, and is what the
// requests, read one by one, ask for.
#include <vitals/http/session.hpp>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "require.hpp"

namespace {

using namespace vitals::http;
namespace asio = boost::asio;

/// What goes in and what comes out, some bytes at a time.
struct wire {
  std::string_view in;
  std::size_t most;  ///< bytes at a time
  std::string out{};
  bool is_open = true;
};

class memory_stream {
 public:
  using executor_type = asio::io_context::executor_type;
  using lowest_layer_type = memory_stream;

  memory_stream(asio::io_context& io, wire& w) : io_(&io), wire_(&w) {}

  executor_type get_executor() { return io_->get_executor(); }
  lowest_layer_type& lowest_layer() { return *this; }
  [[nodiscard]] bool is_open() const { return wire_->is_open; }
  void close(detail::boost_error&) { wire_->is_open = false; }
  void cancel(detail::boost_error&) {}
  void shutdown(asio::socket_base::shutdown_type, detail::boost_error&) {}

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& to, Handler handler) {
    const std::size_t size = asio::buffer_copy(to, asio::buffer(wire_->in.data(), wire_->in.size()), wire_->most);
    wire_->in.remove_prefix(size);
    end(size == 0 || !wire_->is_open ? asio::error::eof : detail::boost_error{}, size, std::move(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler handler) {
    require(wire_->is_open);
    std::string part(std::min(asio::buffer_size(from), wire_->most), '\0');
    asio::buffer_copy(asio::buffer(part), from);
    wire_->out += part;
    end({}, part.size(), std::move(handler));
  }

 private:
  template <class Handler>
  void end(detail::boost_error error, std::size_t size, Handler handler) {
    asio::post(*io_, [error, size, handler = std::move(handler)]() mutable { handler(error, size); });
  }

  asio::io_context* io_;
  wire* wire_;
};

constexpr head_limits limits{.bytes = 512, .target = 128, .fields = 8};

const std::shared_ptr<const detail::service>& shared() {
  static const auto routes = [] {
    auto fresh = std::make_shared<router>();
    fresh->add("/x", "", [](const request& asked, response& out) { out.body.assign(asked.target); });
    fresh->add("/long", "", [](const request&, response& out) { out.body.assign(2000, 'x'); });
    return fresh;
  }();
  static const std::shared_ptr<const detail::service> all = [] {
    detail::service s;
    s.routes = routes;
    s.limits.head = limits;
    return std::make_shared<const detail::service>(std::move(s));
  }();
  return all;
}

std::string talk(std::string_view in, std::size_t most) {
  wire w{.in = in, .most = most};
  asio::io_context io{1};
  std::make_shared<detail::session<memory_stream>>(shared(), nullptr, io, w)->start();
  io.run();  // without a wait: all that comes is here
  require(!w.is_open);
  return std::move(w.out);
}

struct answer {
  unsigned status = 0;
  bool closes = false;
  std::string body{};
};

/// Takes a response off the output, which must be one to a request of this method.
answer take_answer(std::string_view& out, std::string_view method) {
  const std::size_t end = out.find("\r\n\r\n");
  require(end != std::string_view::npos && out.starts_with("HTTP/1.1 ") && out[12] == ' ');
  const std::string_view head = out.substr(0, end + 2);
  out.remove_prefix(end + 4);
  answer a{.status = static_cast<unsigned>(std::stoul(std::string{head.substr(9, 3)})),
           .closes = head.find("\r\nConnection: close\r\n") != std::string_view::npos};
  const std::size_t length = head.find("\r\nContent-Length: ");
  require((length == std::string_view::npos) == (a.status == 204));
  if (a.status != 204 && method != "HEAD") {
    const std::size_t size = std::stoul(std::string{head.substr(length + 18)});
    require(size <= out.size());
    a.body = out.substr(0, size);
    out.remove_prefix(size);
  }
  return a;
}

/// The answers to good requests, one by one; `refused` is whether the last answer was a refusal.
std::vector<answer> judge(std::string_view in, std::string_view out, bool& refused) {
  std::vector<answer> answers;
  refused = false;
  while (!out.empty()) {
    const std::size_t end = head_size(in);
    const request_head head =
        end == std::string_view::npos ? request_head{.refusal = 400} : read_head(in.substr(0, end), limits);
    const bool is_good = head.refusal == 0 && end <= limits.bytes && is_allowed_host(host_of(head), true, {}) &&
                         !(head.has_body && (head.method == "GET" || head.method == "HEAD"));
    const answer a = take_answer(out, is_good ? head.method : "GET");
    if (!is_good) {
      refused = true;
      require(a.status >= 400 && a.closes && out.empty());
      break;
    }
    require(a.status == 200 || a.status == 204 || a.status == 404 || a.status == 405);
    require(a.closes == (!head.keep_alive || head.has_body));
    require(!a.closes || out.empty());
    const bool is_x = a.status == 200 && path_of(head.target) == "/x" && head.method == "GET";
    require(!is_x || a.body == head.target);
    answers.push_back(a);
    in.remove_prefix(end);
  }
  // All of them are answered, up to one that ends the connection.
  const bool ended = refused || (!answers.empty() && answers.back().closes);
  require(ended || head_size(in) == std::string_view::npos);
  return answers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view in{reinterpret_cast<const char*>(data + 1), size - 1};
  bool refused = false;
  const std::vector<answer> whole = judge(in, talk(in, 1U << 20U), refused);
  for (const std::size_t most : {std::size_t{1}, std::size_t{2} + data[0]}) {
    bool also = false;
    const std::vector<answer> parts = judge(in, talk(in, most), also);
    require(parts.size() == whole.size() && also == refused);
    for (std::size_t i = 0; i != whole.size(); ++i) {
      require(parts[i].status == whole[i].status && parts[i].body == whole[i].body);
    }
  }
  return 0;
}
