#include "service/papers/paper_sheet.h"

#include <algorithm>
#include <array>

#include "domain/wide.h"

namespace metergate {
namespace {

constexpr int kCardGap = 160;
constexpr int kCardHeight = 640;
constexpr int kChartHeight = 1420;
constexpr int kHeadHeight = 260;
constexpr int kLabel = 75;  // sizes of letters
constexpr int kSmall = 80;
constexpr int kFigureSizeMin = 30;

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

// How high a value stands where the highest has `height`.
int scaled(std::int64_t value, std::int64_t most, int height) {
  if (most <= 0 || value <= 0) return 0;
  return static_cast<int>(divide_rounded(Wide{value} * height, most));
}

}  // namespace

std::string shown_month(Period period) {
  const std::string text = period.text();
  const auto month = static_cast<std::size_t>(std::stoi(text.substr(text.size() - 2)));
  return std::string{kMonths[month - 1]} + ' ' + text.substr(0, text.size() - 3);
}

Color health_color(std::string_view health) {
  constexpr std::array<std::pair<std::string_view, Color>, 4> kColors = {{
      {"healthy", {22, 140, 70}},
      {"caution", {176, 125, 10}},
      {"warning", {214, 90, 10}},
      {"critical", {200, 35, 35}},
  }};
  const auto* row = std::ranges::find(kColors, health, [](const auto& pair) { return pair.first; });
  return row == kColors.end() ? paper::kGrey : row->second;
}

std::string shown_text(const PaperCell& cell) {
  return cell.number ? grouped_digits(*cell.number) : cell.text;
}

void PaperSheet::begin() {
  ++page_;
  top_ = kMargin;
  if (page_ == 1) return;
  const Box box{kMargin, kMargin - 60, width(), 120};
  text(box, frame_.title, {.size = kSmall, .is_bold = true, .color = paper::kGrey});
  top_ = kMargin + 140;
}

void PaperSheet::finish_page() {
  const int foot = frame_.size.height - 360;
  if (pages_ != nullptr)
    pages_->line({kMargin, foot - 60}, {frame_.size.width - kMargin, foot - 60}, paper::kRule);
  const Box box{kMargin, foot, width(), 120};
  text(box, frame_.made_at, {.size = kLabel, .color = paper::kGrey});
  text(box, "Page " + std::to_string(page_) + " of " + std::to_string(frame_.pages_total),
       {.size = kLabel, .color = paper::kGrey, .align = Align::right});
  if (pages_ != nullptr) pages_->end_page();
}

bool PaperSheet::need(int height) {
  if (top_ + height <= frame_.size.height - kFoot) return false;
  finish_page();
  begin();
  return true;
}

void PaperSheet::end() { finish_page(); }

void PaperSheet::text(const Box& box, std::string_view text, const TextStyle& style) {
  if (pages_ == nullptr || text.empty()) return;
  const bool is_figure = style.align == Align::right;
  pages_->text(box, text, is_figure ? fitted(text, style, {box.width, kFigureSizeMin}) : style);
}

TextStyle PaperSheet::fitted(std::string_view text, TextStyle style, Fit fit) {
  if (pages_ == nullptr) return style;
  while (style.size > fit.size_min && pages_->width_of(text, style) > fit.width) style.size -= 5;
  return style;
}

void PaperSheet::area(const Box& box, Color color) {
  if (pages_ != nullptr) pages_->area(box, color);
}

void PaperSheet::rule() {
  if (pages_ == nullptr) return;
  pages_->line({kMargin, top_}, {frame_.size.width - kMargin, top_}, paper::kRule);
}

// It takes its whole height, however little of that it fills: so pages can be counted before.
int PaperSheet::paragraph(std::string_view text, const TextStyle& style, int height_max) {
  if (pages_ != nullptr) pages_->paragraph({kMargin, top_, width(), height_max}, text, style);
  top_ += height_max;
  return height_max;
}

void PaperSheet::heading(std::string_view text_of_it) {
  text({left(), top_, width(), 200}, text_of_it,
       {.size = 120, .is_bold = true, .color = paper::kInk});
  top_ += 240;
}

void PaperSheet::cards(const std::vector<Card>& cards) {
  const int count = static_cast<int>(cards.size());
  const int card_width = (width() - (count - 1) * kCardGap) / count;
  int x = left();
  for (const Card& card : cards) {
    area({x, top_, card_width, kCardHeight}, paper::kBand);
    area({x, top_, 24, kCardHeight}, card.color);
    const Box label{x + 140, top_ + 110, card_width - 220, 120};
    text(label, card.label, {.size = kSmall, .color = paper::kGrey});
    const TextStyle style = fitted(card.value, {.size = 190, .is_bold = true, .color = card.color},
                                   {label.width, kFigureSizeMin});
    // Its letters stand on one line with those of the other cards.
    text({label.left, top_ + 270 + (190 - style.size), label.width, 280}, card.value, style);
    x += card_width + kCardGap;
  }
  top_ += kCardHeight + 260;
}

void PaperSheet::charts(const YearChart& year, int in_a_row) {
  const int chart_width = (width() - (in_a_row - 1) * kCardGap) / in_a_row;
  int at = 0;
  for (const YearSeries& series : year.series) {
    if (at == in_a_row) {
      at = 0;
      top_ += kChartHeight + kCardGap;
    }
    if (at == 0) need(kChartHeight);
    chart({left() + at * (chart_width + kCardGap), top_, chart_width, kChartHeight}, series,
          year.months);
    ++at;
  }
  if (!year.series.empty()) top_ += kChartHeight + 200;
}

void PaperSheet::chart(const Box& box, const YearSeries& series,
                       const std::vector<Period>& months) {
  if (pages_ == nullptr || months.empty()) return;
  text({box.left, box.top, box.width, 120}, series.title, {.size = 85, .color = paper::kGrey});
  text({box.left, box.top + 130, box.width, 200},
       series.newest.empty() ? "not known" : series.newest,
       {.size = 130, .is_bold = true, .color = paper::kInk});
  const int plot_top = box.top + 400;
  const int plot_height = box.height - 400 - 180;
  const int base = plot_top + plot_height;
  std::int64_t most = 0;
  for (const auto& value : series.values) most = std::max(most, value.value_or(0));
  // A limit far above all usage would press it flat: then it is told in words alone.
  const bool shows_limit = series.limit && *series.limit <= most * 3 && *series.limit > 0;
  if (shows_limit) most = std::max(most, *series.limit);
  const int count = static_cast<int>(months.size());
  const int step = box.width / count;
  for (int at = 0; at < count && at < static_cast<int>(series.values.size()); ++at) {
    const auto& value = series.values[static_cast<std::size_t>(at)];
    if (!value) continue;
    const bool is_over = series.limit && *value > *series.limit;
    const Color usual = at + 1 == count ? paper::kAccent : paper::kBar;
    const int high = std::max(scaled(*value, most, plot_height), *value > 0 ? 8 : 0);
    area({box.left + at * step, base - high, step - step / 4, high}, is_over ? paper::kRed : usual);
  }
  pages_->line({box.left, base}, {box.left + count * step, base}, paper::kRule);
  if (shows_limit) {
    const int y = base - scaled(*series.limit, most, plot_height);
    pages_->line({box.left, y}, {box.left + count * step, y}, paper::kRed);
  }
  const Box labels{box.left, base + 40, count * step, 100};
  text(labels, months.front().text(), {.size = 68, .color = paper::kGrey});
  text(labels, months.back().text(), {.size = 68, .color = paper::kGrey, .align = Align::right});
}

void PaperSheet::table_head(const std::vector<TableColumn>& columns) {
  area({left(), top_, width(), kHeadHeight - 40}, paper::kBand);
  int x = left();
  for (const TableColumn& column : columns) {
    text({x + 50, top_ + 55, column.width - 100, 120}, column.title,
         {.size = kSmall, .is_bold = true, .color = paper::kGrey, .align = column.align});
    x += column.width;
  }
  top_ += kHeadHeight;
}

}  // namespace metergate
