// PdfPages: pages of a PDF, on which texts of every script, areas and lines are put. Pages are
// handed on as they are written, so that however many there are, one is in memory.
//
// Lengths are tenths of a point (1/720 inch), from the top left. Texts are laid out by Pango: right
// to left where their script is, in whatever font has their characters. The same content makes the
// same bytes. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/scratch_file.h"
#include "base/time.h"

namespace metergate {

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

enum class Align : std::uint8_t { left, right, center };

struct TextStyle {
  int size = 90;
  bool is_bold = false;
  Color color{};
  Align align = Align::left;
};

struct PdfOptions {
  int width = 5953;  // A4
  int height = 8419;
  std::string title;
  Timestamp made_at{};
};

class PdfPages {
 public:
  // Succeeds if this machine can print. ErrorCode::disabled names the packages to install.
  static Result<> check();
  // Writes to `file`, which outlives it. Errors as check().
  static Result<PdfPages> create(const PdfOptions& options, ScratchFile& file);
  ~PdfPages();
  PdfPages(PdfPages&&) noexcept;
  PdfPages& operator=(PdfPages&&) = delete;

  void area(const Box& box, Color color);
  struct Place {
    int left = 0;
    int top = 0;
  };
  void line(Place from, Place to, Color color);
  // In one line, cut with an ellipsis where it is wider than the box; the height of the box is not
  // looked at.
  void text(const Box& box, std::string_view text, const TextStyle& style);
  // In as many lines as fit the box's height; how high it is.
  int paragraph(const Box& box, std::string_view text, const TextStyle& style);
  int width_of(std::string_view text, const TextStyle& style);

  void end_page();
  // ErrorCode::disabled names the first text for whose characters no font is installed; storage
  // where there is no room.
  Result<> finish();

 private:
  struct Canvas;
  explicit PdfPages(std::unique_ptr<Canvas> canvas);
  std::unique_ptr<Canvas> canvas_;
};

}  // namespace metergate
