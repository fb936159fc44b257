: Channels of hh_cond_exp_traub (docs/models.md): Traub & Miles (1991) as in Brette et al. (2007), benchmark 3.
NEURON {
  SUFFIX traub
  USEION na READ ena WRITE ina
  USEION k READ ek WRITE ik
  RANGE gnabar, gkbar, vt
}
UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) }
PARAMETER { gnabar = 0.1 (S/cm2) gkbar = 0.03 (S/cm2) vt = -63 (mV) }
ASSIGNED { v (mV) ena (mV) ek (mV) ina (mA/cm2) ik (mA/cm2) minf hinf ninf mtau (ms) htau (ms) ntau (ms) }
STATE { m h n }
BREAKPOINT {
  SOLVE states METHOD cnexp
  ina = gnabar * m * m * m * h * (v - ena)
  ik = gkbar * n * n * n * n * (v - ek)
}
INITIAL { m = 0 h = 1 n = 0 }
DERIVATIVE states {
  rates(v - vt)
  m' = (minf - m) / mtau
  h' = (hinf - h) / htau
  n' = (ninf - n) / ntau
}
FUNCTION rise(x, s) { if (fabs(x / s) < 1e-6) { rise = s } else { rise = x / (exp(x / s) - 1) } }
PROCEDURE rates(w (mV)) {
  LOCAL a, b
  TABLE minf, mtau, hinf, htau, ninf, ntau FROM -60 TO 140 WITH 2000
  a = 0.32 * rise(13 - w, 4)
  b = 0.28 * rise(w - 40, 5)
  mtau = 1 / (a + b)
  minf = a / (a + b)
  a = 0.128 * exp((17 - w) / 18)
  b = 4 / (1 + exp((40 - w) / 5))
  htau = 1 / (a + b)
  hinf = a / (a + b)
  a = 0.032 * rise(15 - w, 5)
  b = 0.5 * exp((10 - w) / 40)
  ntau = 1 / (a + b)
  ninf = a / (a + b)
}
