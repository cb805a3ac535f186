// weir/serve/gateway.hpp - one port in front of many instances: HAProxy or nginx, configured and driven. Needs POSIX.
#ifndef WEIR_SERVE_GATEWAY_HPP
#define WEIR_SERVE_GATEWAY_HPP

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace weir::inline v0 {

/// An instance behind a gateway.
struct gateway_backend {
  std::string name;  ///< Goes into the header X-Weir-Upstream of its answers.
  int port = 0;
};

/// What a gateway is to do.
struct gateway_spec {
  int port = 0;           ///< Where it listens, on 127.0.0.1.
  std::string directory;  ///< For its configuration and sockets.
  std::string health;  ///< The path of the instances that says whether they are well; empty: they accept connections.
  std::vector<gateway_backend> backends = {};
};

namespace detail {

/// How many clients the descriptors of this process's limit are enough for: each takes two.
inline std::size_t gateway_connections() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto descriptors = limit.rlim_cur == RLIM_INFINITY ? std::size_t{1} << 20 : std::size_t{limit.rlim_cur};
  return std::clamp<std::size_t>((descriptors - std::min<std::size_t>(descriptors, 200)) / 2, 16, 20'000);
}

}  // namespace detail

/// A configuration for HAProxy 2.4 and later: least connections, health checks, nothing buffered. A request is given to
/// another instance only where the first one did not answer with a single byte.
[[nodiscard]] inline std::string haproxy_config(const gateway_spec& spec) {
  const auto threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  std::string text =
      "global\n  maxconn " + std::to_string(detail::gateway_connections()) + "\n  nbthread " + std::to_string(threads) +
      "\n  stats socket " + spec.directory +
      "/haproxy.sock mode 600 level admin\n"
      "defaults\n  mode http\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n"
      "  option http-no-delay\n  retries 2\n  option redispatch\n  retry-on conn-failure empty-response\n"
      "  http-reuse safe\n"
      "frontend weir\n  bind 127.0.0.1:" +
      std::to_string(spec.port) +
      "\n  default_backend instances\n"
      "backend instances\n  balance leastconn\n  http-response set-header X-Weir-Upstream %s\n";
  if (!spec.health.empty())
    text += "  option httpchk\n  http-check send meth GET uri " + spec.health +
            " ver HTTP/1.1 hdr host 127.0.0.1\n"
            "  http-check expect rstatus ^[24]\n";  // who does not know the path is alive all the same
  for (const auto& each : spec.backends)
    text += "  server " + each.name + " 127.0.0.1:" + std::to_string(each.port) + " check inter 2s fall 3 rise 1\n";
  return text;
}

/// The same for nginx, which checks no health by itself: an instance that refuses connections is left out for 5 s.
[[nodiscard]] inline std::string nginx_config(const gateway_spec& spec) {
  std::string text =
      "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr;\nevents { worker_connections " +
      std::to_string(2 * detail::gateway_connections()) + "; }\nhttp {\n  access_log off;\n  client_max_body_size 0;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    text += "  " + std::string(kind) + "_temp_path " + kind + ";\n";
  std::string servers, names;
  for (const auto& each : spec.backends) {
    const std::string where = "127.0.0.1:" + std::to_string(each.port);
    servers += "    server " + where + " max_fails=1 fail_timeout=5s;\n";
    names += "    " + where + " " + each.name + ";\n";
  }
  return text + "  upstream instances {\n    least_conn;\n" + servers +
         "    keepalive 256;\n  }\n  map $upstream_addr $instance {\n" + names +
         "  }\n  server {\n    listen 127.0.0.1:" + std::to_string(spec.port) +
         ";\n    location / {\n      proxy_pass http://instances;\n      proxy_http_version 1.1;\n"
         "      proxy_set_header Connection \"\";\n      proxy_set_header Host $host;\n      proxy_buffering off;\n"
         "      proxy_request_buffering off;\n      proxy_read_timeout 1h;\n      proxy_send_timeout 1h;\n"
         "      proxy_next_upstream error;\n      add_header X-Weir-Upstream $instance always;\n    }\n  }\n}\n";
}

/// A gateway program: its configuration, how it is started, how it is asked whether the configuration is right.
struct gateway_program {
  std::string file, config;
  std::vector<std::string> start, check;
};

/// \param kind  "haproxy" or "nginx".
[[nodiscard]] inline gateway_program make_gateway(std::string_view kind, const gateway_spec& spec) {
  if (kind == "nginx") {
    const std::string file = spec.directory + "/nginx.conf";
    const std::vector<std::string> start{"nginx", "-p", spec.directory, "-e", "stderr", "-c", file};
    auto check = start;
    check.emplace_back("-t");
    return {file, nginx_config(spec), start, check};
  }
  const std::string file = spec.directory + "/haproxy.cfg";
  return {file, haproxy_config(spec), {"haproxy", "-db", "-f", file}, {"haproxy", "-c", "-f", file}};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_GATEWAY_HPP
