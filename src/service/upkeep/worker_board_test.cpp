#include "service/upkeep/worker_board.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

Timestamp second(int number) { return Timestamp{std::chrono::seconds{number}}; }

TEST(WorkerBoard, ShowsTheLastRunAndTheNext) {
  WorkerBoard board;
  board.add("cleanup", Milliseconds{1500});
  board.started("cleanup", second(10));
  EXPECT_TRUE(board.all()[0].is_running);
  board.finished("cleanup", TickReport{7, 1, false}, Microseconds{2500}, second(11));
  board.scheduled("cleanup", second(20));
  const Json json = worker_json(board.all()[0]);
  EXPECT_EQ(to_text(json),
            R"({"name":"cleanup","every_seconds":1.5,"running":false,)"
            R"("last_run":"1970-01-01T00:00:10.000Z","last_duration_ms":2.5,"last_done":7,)"
            R"("last_faults":1,"next_run":"1970-01-01T00:00:20.000Z","last_error":null,)"
            R"("last_error_at":null,"runs":1,"failures":0})");
}

TEST(WorkerBoard, KeepsTheLastErrorAfterALaterSuccess) {
  WorkerBoard board;
  board.add("cleanup", Milliseconds{1000});
  board.started("cleanup", second(1));
  board.finished("cleanup", fail(ErrorCode::storage, "no room"), Microseconds{1}, second(2));
  board.started("cleanup", second(3));
  board.finished("cleanup", TickReport{}, Microseconds{1}, second(4));
  const WorkerStatus status = board.all()[0];
  EXPECT_EQ(status.last_error, "no room");
  EXPECT_EQ(status.last_error_at, second(2));
  EXPECT_EQ(status.runs, 2);
  EXPECT_EQ(status.failures, 1);
}

TEST(WorkerBoard, AddingTwiceKeepsOneRow) {
  WorkerBoard board;
  board.add("b", Milliseconds{1});
  board.add("a", Milliseconds{1});
  board.add("b", Milliseconds{1});
  ASSERT_EQ(board.all().size(), 2U);
  EXPECT_EQ(board.all()[0].name, "b");
}

}  // namespace
}  // namespace metergate
