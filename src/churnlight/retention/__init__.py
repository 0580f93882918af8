"""What the retention team receives for a scored month: workbook, page, cards."""
