// PaperSheet: what every printed page has in common: margins, the line at its top, its number, the
// colours; and what pages are put together of: cards, charts, tables.
//
// Without pages it draws nothing and only goes through the motions: so pages are counted before the
// first is printed. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/pdf_pages.h"
#include "service/papers/paper_layout.h"
#include "service/papers/year_chart.h"

namespace metergate {

namespace paper {
inline constexpr Color kInk{31, 41, 51};
inline constexpr Color kGrey{107, 114, 128};
inline constexpr Color kRule{222, 226, 232};
inline constexpr Color kBand{246, 248, 251};
inline constexpr Color kBar{159, 184, 227};
inline constexpr Color kAccent{37, 99, 235};
inline constexpr Color kRed{200, 35, 35};
inline constexpr Color kWhite{255, 255, 255};
}  // namespace paper

// "March 2026".
std::string shown_month(Period period);
Color health_color(std::string_view health);
// As people read it; empty where there is nothing.
std::string shown_text(const PaperCell& cell);

struct PaperFormatSize {
  int width = 0;
  int height = 0;
};
inline constexpr PaperFormatSize kUpright{5953, 8419};
inline constexpr PaperFormatSize kLying{8419, 5953};

struct Card {
  std::string label;
  std::string value;
  Color color = paper::kInk;
};

struct TableColumn {
  std::string title;
  int width = 0;
  Align align = Align::left;
};

struct Fit {
  int width = 0;
  int size_min = 0;
};

class PaperSheet {
 public:
  struct Frame {
    PaperFormatSize size;
    std::string title;    // at the top of every page but the first
    std::string made_at;  // at the bottom
    int pages_total = 0;
  };
  // `pages` may be null.
  PaperSheet(Frame frame, PdfPages* pages) : frame_(std::move(frame)), pages_(pages) { begin(); }

  int pages() const { return page_; }
  int left() const { return kMargin; }
  int width() const { return frame_.size.width - 2 * kMargin; }
  int top() const { return top_; }
  void skip(int height) { top_ += height; }
  // Begins a page where the current one has not that much left; true: it did.
  bool need(int height);
  // Ends the last page.
  void end();

  void heading(std::string_view text);
  void cards(const std::vector<Card>& cards);
  void charts(const YearChart& year, int in_a_row);
  void table_head(const std::vector<TableColumn>& columns);
  void rule();

  // A figure (on the right) is set smaller where it would be cut; of a name the end is left out.
  void text(const Box& box, std::string_view text, const TextStyle& style);
  // The style, smaller where the text would be wider, but not below `size_min`.
  TextStyle fitted(std::string_view text, TextStyle style, Fit fit);
  int paragraph(std::string_view text, const TextStyle& style, int height_max);
  void area(const Box& box, Color color);

 private:
  static constexpr int kMargin = 420;
  static constexpr int kFoot = 520;
  void begin();
  void finish_page();
  void chart(const Box& box, const YearSeries& series, const std::vector<Period>& months);

  Frame frame_;
  PdfPages* pages_;
  int page_ = 0;
  int top_ = 0;
};

}  // namespace metergate
