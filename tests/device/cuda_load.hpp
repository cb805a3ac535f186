// tests/device/cuda_load.hpp - takes a known amount of a device's memory, and works on it for a known share of the
// time, through the driver's own interface: no CUDA toolkit is needed.
#ifndef WEIR_TESTS_DEVICE_CUDA_LOAD_HPP
#define WEIR_TESTS_DEVICE_CUDA_LOAD_HPP

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace test {

/// Multiplies and adds on every core until `ns` have passed on the device's own clock.
inline constexpr const char* burn_ptx = R"(
.version 7.0
.target sm_75
.address_size 64
.visible .entry burn(.param .u64 ns, .param .u64 sink) {
  .reg .pred %p<3>;
  .reg .f32 %a, %b, %c, %d, %m, %k;
  .reg .b64 %limit, %start, %now, %to;
  ld.param.u64 %limit, [ns];
  ld.param.u64 %to, [sink];
  mov.f32 %a, 0f3F800000;
  mov.f32 %b, 0f3F800001;
  mov.f32 %c, 0f3F800002;
  mov.f32 %d, 0f3F800003;
  mov.f32 %m, 0f3F7FFFFE;
  mov.f32 %k, 0f33800000;
  mov.u64 %start, %globaltimer;
again:
  fma.rn.f32 %a, %a, %m, %k;
  fma.rn.f32 %b, %b, %m, %k;
  fma.rn.f32 %c, %c, %m, %k;
  fma.rn.f32 %d, %d, %m, %k;
  fma.rn.f32 %a, %a, %m, %k;
  fma.rn.f32 %b, %b, %m, %k;
  fma.rn.f32 %c, %c, %m, %k;
  fma.rn.f32 %d, %d, %m, %k;
  fma.rn.f32 %a, %a, %m, %k;
  fma.rn.f32 %b, %b, %m, %k;
  fma.rn.f32 %c, %c, %m, %k;
  fma.rn.f32 %d, %d, %m, %k;
  fma.rn.f32 %a, %a, %m, %k;
  fma.rn.f32 %b, %b, %m, %k;
  fma.rn.f32 %c, %c, %m, %k;
  fma.rn.f32 %d, %d, %m, %k;
  mov.u64 %now, %globaltimer;
  sub.u64 %now, %now, %start;
  setp.lt.u64 %p1, %now, %limit;
  @%p1 bra again;
  add.f32 %a, %a, %b;
  add.f32 %c, %c, %d;
  add.f32 %a, %a, %c;
  setp.eq.f32 %p2, %a, 0f00000000;
  @%p2 st.global.f32 [%to], %a;
  ret;
}
)";

/// Ends the program with status 1 where the driver refuses anything.
class cuda_load {
 public:
  cuda_load(int ordinal, std::size_t bytes) : library_(::dlopen("libcuda.so.1", RTLD_NOW)) {
    int device = 0;
    void* context = nullptr;
    call("cuInit", 0U);
    call("cuDeviceGet", &device, ordinal);
    call("cuDevicePrimaryCtxRetain", &context, device);
    call("cuCtxSetCurrent", context);
    constexpr int multiprocessor_count = 16;
    call("cuDeviceGetAttribute", &cores_, multiprocessor_count, device);
    call("cuMemAlloc_v2", &memory_, bytes);
    call("cuMemsetD8_v2", memory_, static_cast<unsigned char>(1), bytes);
    call("cuCtxSynchronize");
  }

  /// Keeps every core busy for `ms`.
  void work(int ms) {
    if (!burn_) {
      void* module = nullptr;
      call("cuModuleLoadData", &module, static_cast<const void*>(burn_ptx));
      call("cuModuleGetFunction", &burn_, module, "burn");
    }
    std::uint64_t ns = static_cast<std::uint64_t>(ms) * 1'000'000;
    std::array<void*, 2> arguments{&ns, &memory_};
    // As many blocks as run at once: none waits for another, so that all of it takes `ms`.
    call("cuLaunchKernel", burn_, 4U * static_cast<unsigned>(cores_), 1U, 1U, 256U, 1U, 1U, 0U,
         static_cast<void*>(nullptr), arguments.data(), static_cast<void**>(nullptr));
    call("cuCtxSynchronize");
  }

 private:
  template <class... Arguments>
  void call(const char* name, Arguments... arguments) {
    const auto function = library_ ? reinterpret_cast<int (*)(Arguments...)>(::dlsym(library_, name)) : nullptr;
    const int error = function ? function(arguments...) : -1;
    if (error == 0) return;
    std::printf("%s: error %d\n", name, error);
    std::exit(1);
  }

  void* library_;
  void* burn_ = nullptr;
  int cores_ = 0;
  unsigned long long memory_ = 0;
};

/// Holds `bytes` until it is killed.
[[noreturn]] inline void hold(int ordinal, std::size_t bytes) {
  const cuda_load load(ordinal, bytes);
  std::puts("holds");
  std::fflush(stdout);
  for (;;) ::pause();
}

/// Holds `bytes`, and while `file` exists works `percent` of each tenth of a second.
[[noreturn]] inline void work_while(std::size_t bytes, int percent, const std::string& file) {
  cuda_load load(0, bytes);
  load.work(1);  // what loads late is loaded now
  std::puts("holds");
  std::fflush(stdout);
  for (;;) {
    const bool working = ::access(file.c_str(), F_OK) == 0;
    if (working) load.work(percent);
    if (!working || percent < 100) ::usleep(working ? static_cast<unsigned>(100 - percent) * 1000 : 5'000);
  }
}

}  // namespace test

#endif  // WEIR_TESTS_DEVICE_CUDA_LOAD_HPP
