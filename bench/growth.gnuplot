# Draws growth.svg of growth.csv, in the folder where that is: columns are work, threads, channels,
# blocks, batch, size and the milliseconds of xsite and of PyTorch's two modes.
set terminal svg size 900,800 dynamic background 'white' font 'sans-serif,13'
set output 'growth.svg'
set datafile separator comma
set datafile missing '-'
set multiplot layout 2,2
set border 3
set grid lt 1 lw 0.5 lc rgb '#c8c8c8'
set tics nomirror
set logscale xy
set ylabel 'milliseconds'
set format y '%g'
set yrange [10:100000]
set key top left reverse Left samplen 3 spacing 0.9

rows(condition) = '< awk -F, "' . condition . '" growth.csv | sort -t, -n -k5,5 -k3,3 -k6,6'
best(a, b) = valid(a) && valid(b) ? (column(a) < column(b) ? column(a) : column(b)) \
           : valid(a) ? column(a) : column(b)
one = ' && \$2 == 1'
two = ' && \$2 == 2'

do for [panel = 1:4] {
  if (panel == 1) {
    set title '5 critic + 1 generator steps, 32 channels, 32x32'
    set xlabel 'batch'; x = 5; these = '\$1 == \"step\" && \$3 == 32 && \$6 == 32'
    set xrange [1.8:280]
    set xtics (2, 4, 8, 16, 32, 64, 128, 256)
  }
  if (panel == 2) {
    set title '5 critic + 1 generator steps, batch 32, 32x32'
    set xlabel 'channels'; x = 3; these = '\$1 == \"step\" && \$5 == 32 && \$6 == 32'
    set xrange [14:146]
    set xtics (16, 32, 64, 128)
  }
  if (panel == 3) {
    set title '5 critic + 1 generator steps, 32 channels, batch 8'
    set xlabel 'height and width'; x = 6; these = '\$1 == \"step\" && \$3 == 32 && \$5 == 8'
    set xrange [29:246]
    set xtics (32, 64, 128, 224)
  }
  if (panel == 4) {
    set title 'LeNet training step, 32x32'
    set xlabel 'batch'; x = 5; these = '\$1 == \"classifier\"'
    set xrange [0.9:280]
    set yrange [0.1:1000]
    set xtics (1, 2, 4, 8, 16, 32, 64, 128, 256)
  }
  plot rows(these . one) using x:(best(8, 9)) with linespoints pt 6 lw 2 dt 2 lc rgb '#E69F00' \
         title 'PyTorch, 1 thread', \
       rows(these . two) using x:(best(8, 9)) with linespoints pt 7 lw 2 lc rgb '#E69F00' \
         title 'PyTorch, 2 threads', \
       rows(these . one) using x:7 with linespoints pt 6 lw 2 dt 2 lc rgb '#0072B2' \
         title 'xsite, 1 thread', \
       rows(these . two) using x:7 with linespoints pt 7 lw 2 lc rgb '#0072B2' \
         title 'xsite, 2 threads'
}
unset multiplot
