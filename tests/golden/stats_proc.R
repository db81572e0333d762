# Makes stats_proc.tsv beside this file: pROC's DeLong intervals and paired test of the two classifiers
# in stats_two.tsv, and R's Holm correction.  Made with R 4.2.2 and pROC 1.18.0:
#     Rscript tests/golden/stats_proc.R tests/golden
suppressPackageStartupMessages(library(pROC))
folder <- commandArgs(trailingOnly = TRUE)[1]
two <- read.delim(file.path(folder, "stats_two.tsv"))
a <- roc(two$label, two$a1 - two$a0, levels = c(0, 1), direction = "<")
b <- roc(two$label, two$b1 - two$b0, levels = c(0, 1), direction = "<")
test <- roc.test(b, a, method = "delong", paired = TRUE)
few <- two[1:14, ] # wide enough for an interval to be cut at 1
few_b <- roc(few$label, few$b1 - few$b0, levels = c(0, 1), direction = "<")

row <- function(case, quantity, value) sprintf("%s\t%s\t%.12g", case, quantity, value)
interval <- function(case, r) {
  ci <- ci.auc(r, method = "delong")
  c(row(case, "auc", ci[2]), row(case, "low", ci[1]), row(case, "high", ci[3]),
    row(case, "variance", var(r, method = "delong")))
}
p <- c(0.04, 0.001, 0.3, 0.02, 0.02, NA, 0.9, 0)
holm <- p.adjust(p, "holm")
writeLines(c("case\tquantity\tvalue", interval("a", a), interval("b", b), interval("few", few_b),
             row("test", "z", test$statistic), row("test", "p", test$p.value),
             row("test", "low", test$conf.int[1]), row("test", "high", test$conf.int[2]),
             row("holm", seq_along(p) - 1, holm)[!is.na(p)]),
           file.path(folder, "stats_proc.tsv"))
