#include "weir/report/flow_meter.hpp"

#include "catch.hpp"

TEST_CASE("flow_meter: how many requests are under way together, by Little's law", "[report]") {
  weir::flow_meter meter;
  CHECK(meter.flow().at_once == 0);
  for (int i = 0; i < 101; ++i) meter.add(weir::unmeasured, i * 10, i * 10 + 40);  // one each 10 that takes 40: 4
  CHECK(meter.flow().at_once == Approx(4).epsilon(0.02));
  CHECK_FALSE(meter.flow().open);
  meter.add(995, 1000, 1040);  // one of them had a time to be sent
  CHECK(meter.flow().open);
}

TEST_CASE("flow_meter: what was never sent or never ended does not count, nor do requests sent all at once",
          "[report]") {
  weir::flow_meter meter;
  meter.add(weir::unmeasured, 5, 105), meter.add(weir::unmeasured, 5, 105);
  CHECK(meter.flow().at_once == 0);
  meter.add(7, weir::unmeasured, 90), meter.add(7, 70, weir::unmeasured);
  CHECK(meter.flow().at_once == 0);
  CHECK_FALSE(meter.flow().open);
}
