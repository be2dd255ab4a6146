#include "base/change_book.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace metergate {
namespace {

using Names = std::vector<std::string>;

Names sorted(ChangedNames changed) {
  std::ranges::sort(changed.names);
  return changed.names;
}

TEST(ChangeBook, ANewReaderIsToldAll) {
  ChangeBook book;
  EXPECT_TRUE(book.after(0).is_all);
  EXPECT_FALSE(book.after(book.mark()).is_all);
}

TEST(ChangeBook, TellsEachNameOnceThatChangedAfterTheMark) {
  ChangeBook book;
  book.begin();
  book.note("a");
  book.note("b");
  const ChangeMark mark = book.after(1).through;
  EXPECT_EQ(sorted(book.after(1)), (Names{"a", "b"}));
  EXPECT_EQ(sorted(book.after(mark)), Names{});
  book.begin();
  book.note("b");
  book.note("b");
  EXPECT_EQ(sorted(book.after(mark)), Names{"b"});
  EXPECT_EQ(sorted(book.after(1)), (Names{"a", "b"}));
}

TEST(ChangeBook, AfterNoteAllEveryEarlierReaderIsToldAll) {
  ChangeBook book;
  book.begin();
  book.note("a");
  const ChangeMark before = book.mark();
  book.begin();
  book.note_all();
  EXPECT_TRUE(book.after(before).is_all);
  const ChangeMark now = book.after(before).through;
  EXPECT_FALSE(book.after(now).is_all);
  book.begin();
  book.note("c");
  EXPECT_EQ(sorted(book.after(now)), Names{"c"});
}

}  // namespace
}  // namespace metergate
