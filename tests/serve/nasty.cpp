// A server with every bad habit that the supervisor's tests need: weir-nasty HABIT...
//
// The habits are taken up in the order given; then it says "ready" and waits for ever. Every process of it ends by
// itself after a minute, so that a failed test leaves nothing for long.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace {

void nap_us(long us) {
  const timespec span{us / 1'000'000, us % 1'000'000 * 1000};
  ::nanosleep(&span, nullptr);
}

void ignore_requests() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

/// Runs `child` in a forked child that ends after a minute.
template <class Child>
void in_child(Child&& child) {
  if (::fork() != 0) return;
  ::alarm(60);
  child();
  wait_for_ever();
}

void grandchildren() {
  for (int i = 0; i < 3; ++i)
    in_child([] {
      ignore_requests();
      in_child(ignore_requests);
    });
}

void daemon_without_files() {
  in_child([] {
    ::setsid();
    in_child([] {
      ignore_requests();
      if (::chdir("/") != 0) ::_exit(1);
      ::close_range(0, ~0U, 0);
    });
    ::_exit(0);
  });
}

/// A process that is never where it was just seen: forks, lets the parent exit, starts a session, and again.
void chain() {
  in_child([] {
    ignore_requests();
    const std::time_t end = std::time(nullptr) + 60;
    while (std::time(nullptr) < end) {
      nap_us(300);
      if (::fork() != 0) ::_exit(0);
      ::setsid();
    }
    ::_exit(0);
  });
}

void bomb() {
  in_child([] {
    ::setsid();
    ignore_requests();
    for (int i = 0; i < 200; ++i) {
      in_child(ignore_requests);
      nap_us(200);
    }
  });
}

void flood() {
  in_child([] {
    const std::string line(4095, 'x');
    for (int i = 0; i < 20'000; ++i) {
      std::puts(line.c_str());
      nap_us(1000);
    }
  });
}

/// Leaves a segment as Python's multiprocessing would after SIGKILL: mapped, its descriptor closed.
void shared_memory() {
  const char* mark = std::getenv("WEIR_TEST_MARK");
  const std::string name = "/psm_weirtest" + std::string(mark ? mark : "") + "_" + std::to_string(::getpid());
  const int fd = ::shm_open(name.c_str(), O_CREAT | O_RDWR, 0600);
  if (fd < 0 || ::ftruncate(fd, 65536) != 0) std::exit(4);
  if (::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED) std::exit(4);
  ::close(fd);
}

/// Like Python's: ignores SIGTERM, and removes its shared memory half a second after the others are gone.
void tracker(const char* program) {
  if (::fork() != 0) return;
  ::execl(program, program, "be-tracker", "resource_tracker", static_cast<char*>(nullptr));
  ::_exit(127);
}

int be_tracker() {
  ::alarm(60);
  ignore_requests();
  const pid_t parent = ::getppid();
  std::puts("tracker: watches");
  while (::getppid() == parent) nap_us(10'000);
  nap_us(300'000);
  std::puts("tracker: cleaned up");
  return 0;
}

void answer(int client, bool hang) {
  char request[4096];
  const ssize_t got = ::recv(client, request, sizeof request, 0);
  if (hang || got <= 0) return;
  const std::string_view line(request, static_cast<std::size_t>(got));
  std::string body = "{}";
  if (line.find("/v1/models") != line.npos) body = R"({"object":"list","data":[{"id":"nasty","object":"model"}]})";
  if (line.starts_with("POST")) body = R"({"choices":[{"index":0,"text":"a","finish_reason":"length"}]})";
  const std::string reply =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
      "\r\nconnection: close\r\n\r\n" + body;
  if (::send(client, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) std::perror("send");
}

void serve(int port, bool hang) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 || ::listen(fd, 64) != 0) {
    std::perror("bind");
    std::exit(5);
  }
  in_child([&] {
    for (;;) {
      const int client = ::accept(fd, nullptr, nullptr);
      if (client < 0) ::_exit(0);
      answer(client, hang);
      if (!hang) ::close(client);
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  ::alarm(60);
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  for (int i = 1; i < argc; ++i) {
    const std::string_view habit = argv[i];
    const bool more = i + 1 < argc;
    if (habit == "stubborn")
      ignore_requests();
    else if (habit == "grandchildren")
      grandchildren();
    else if (habit == "group")
      in_child([] { ::setpgid(0, 0), ignore_requests(); });
    else if (habit == "session")
      in_child([] { ::setsid(), ignore_requests(); });
    else if (habit == "daemon")
      daemon_without_files();
    else if (habit == "stopped")
      in_child([] { ::raise(SIGSTOP); });
    else if (habit == "zombie")
      in_child([] { ::_exit(0); });
    else if (habit == "chain")
      chain();
    else if (habit == "bomb")
      bomb();
    else if (habit == "flood")
      flood();
    else if (habit == "shm")
      shared_memory();
    else if (habit == "tracker")
      tracker(argv[0]);
    else if (habit == "be-tracker")
      return be_tracker();
    else if (habit == "close")
      ::close_range(3, ~0U, 0);
    else if (habit == "late")
      nap_us(800'000);
    else if (habit == "await" && more) {
      for (++i; ::access(argv[i], F_OK) != 0;) nap_us(10'000);
    } else if (habit == "port" && more)
      serve(std::atoi(argv[++i]), false);
    else if (habit == "hang" && more)
      serve(std::atoi(argv[++i]), true);
    else if (habit == "say" && more)
      std::puts(argv[++i]);
    else if (habit == "die")
      return std::fputs("boom\n", stderr), 3;
    else if (habit == "end")
      return 0;
    else if (habit == "leave")
      return std::puts("ready"), 0;
    else if (habit == "crash")
      ::signal(SIGSEGV, SIG_DFL), ::raise(SIGSEGV);  // a sanitizer would catch it and end with 1
    else
      return std::fprintf(stderr, "nasty: unknown habit %s\n", argv[i]), 2;
  }
  std::puts("ready");
  wait_for_ever();
}
