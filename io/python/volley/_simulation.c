/* The module volley._simulation: runs in the process of Python, on volley.h. It knows nothing of NumPy: arrays come and go as
 * buffers. simulation.py is what users see of it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "volley.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

typedef struct simulation {
  PyObject_HEAD MPI_Comm comm;
  volley_experiment *experiment;
  volley_run *run; /* NULL: closed */
} simulation;

static PyObject *fault_type; /* volley.VolleyError */
static atomic_bool is_busy;  /* whether a thread is in the library, which keeps faults for one caller at a time */

/* ---- Between Python and the library. */

/* Raises what the library has to say; NULL. */
static PyObject *raise_faults(const char *otherwise) {
  PyObject *lines = PyList_New(0);
  for (int f = 0; lines && f < volley_faults_count(); f++) {
    PyObject *line = PyUnicode_DecodeUTF8(volley_faults_text(f), (Py_ssize_t)strlen(volley_faults_text(f)), "replace");
    if (line) (void)PyList_Append(lines, line);
    Py_XDECREF(line);
  }
  volley_faults_forget();
  PyObject *between = PyUnicode_FromString("\n"), *text = lines ? PyUnicode_Join(between, lines) : NULL;
  if (text && PyUnicode_GetLength(text) > 0)
    PyErr_SetObject(fault_type, text);
  else
    PyErr_SetString(fault_type, otherwise);
  Py_XDECREF(text);
  Py_XDECREF(between);
  Py_XDECREF(lines);
  return NULL;
}

/* Takes the library for this thread; false with an exception where another one has it, or the run is closed. */
static bool enter(const simulation *self) {
  if (self && !self->run) {
    PyErr_SetString(fault_type, "this simulation is closed");
    return false;
  }
  if (!atomic_exchange(&is_busy, true)) return true;
  PyErr_SetString(fault_type, "another thread is running a simulation: one at a time");
  return false;
}

/* Gives the library back; None, or an exception where the status is none that is right. */
static PyObject *leave(volley_status status, const char *otherwise) {
  PyObject *result = NULL;
  if (status == VOLLEY_OK)
    result = Py_NewRef(Py_None);
  else
    (void)raise_faults(otherwise);
  atomic_store(&is_busy, false);
  return result;
}

static void finalize_mpi(void) {
  int is_gone = 0;
  MPI_Finalized(&is_gone);
  if (!is_gone) MPI_Finalize();
}

static bool start_mpi(void) {
  int is_there, provided;
  MPI_Initialized(&is_there);
  if (is_there) return true;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS) {
    PyErr_SetString(fault_type, "MPI cannot be started");
    return false;
  }
  return Py_AtExit(finalize_mpi) == 0;
}

/* A communicator of mpi4py, by the address that MPI._handleof() gives; 0: of all ranks. Open MPI's are pointers, MPICH's numbers. */
static MPI_Comm communicator(unsigned long long handle) {
  MPI_Comm comm = MPI_COMM_WORLD;
  if (handle) memcpy(&comm, &handle, sizeof comm);
  return comm;
}

/* ---- Making and ending. */

static void close_run(simulation *self) {
  (void)volley_run_destroy(self->run);
  volley_experiment_destroy(self->experiment);
  self->run = NULL;
  self->experiment = NULL;
}

/* What nobody has closed: alone only, for it is collective and ranks forget their objects at different times. */
static void forget(PyObject *object) {
  simulation *self = (simulation *)object;
  int ranks = 0, is_gone = 0;
  MPI_Finalized(&is_gone);
  if (self->run && !is_gone) MPI_Comm_size(self->comm, &ranks);
  if (ranks == 1 &&
      !atomic_exchange(&is_busy, true)) { /* what is forgotten while another one runs stays until the end */
    close_run(self);
    atomic_store(&is_busy, false);
  }
  PyTypeObject *type = Py_TYPE(object);
  type->tp_free(object);
  Py_DECREF(type);
}

static PyObject *make(PyObject *module, PyObject *words) {
  const char *file, *checkpoint, *output;
  int threads;
  unsigned long long handle;
  PyTypeObject *type;
  (void)module;
  if (!PyArg_ParseTuple(words, "OzzizK", &type, &file, &checkpoint, &threads, &output, &handle)) return NULL;
  if (!start_mpi() || !enter(NULL)) return NULL;
  simulation *self = (simulation *)type->tp_alloc(type, 0);
  if (!self) {
    atomic_store(&is_busy, false);
    return NULL;
  }
  volley_faults_keep();
  volley_faults_forget();
  self->comm = communicator(handle);
  volley_status status;
  Py_BEGIN_ALLOW_THREADS;
  if (checkpoint) {
    status = volley_run_resume(checkpoint, NULL, 0, self->comm, threads, output, &self->experiment, &self->run);
  } else {
    status = volley_experiment_read(file, NULL, 0, self->comm, &self->experiment);
    if (status == VOLLEY_OK) status = volley_run_create(self->experiment, self->comm, threads, output, &self->run);
  }
  Py_END_ALLOW_THREADS;
  PyObject *done = leave(status, "the simulation cannot be built");
  if (!done) {
    close_run(self);
    Py_DECREF(self);
    return NULL;
  }
  Py_DECREF(done);
  return (PyObject *)self;
}

static PyObject *end(PyObject *object, PyObject *unused) {
  simulation *self = (simulation *)object;
  (void)unused;
  if (!self->run) Py_RETURN_NONE;
  if (!enter(self)) return NULL;
  volley_status status;
  Py_BEGIN_ALLOW_THREADS;
  status = volley_run_destroy(self->run);
  self->run = NULL;
  Py_END_ALLOW_THREADS;
  close_run(self);
  return leave(status, "the output cannot be completed");
}

/* ---- Going on. */

/* Whether any rank was interrupted: all raise KeyboardInterrupt then, or none. */
static bool is_interrupted(const simulation *self) {
  int here = PyErr_CheckSignals() != 0, anywhere = here, ranks;
  MPI_Comm_size(self->comm, &ranks);
  if (ranks > 1) MPI_Allreduce(&here, &anywhere, 1, MPI_INT, MPI_MAX, self->comm);
  if (anywhere && !here) PyErr_SetNone(PyExc_KeyboardInterrupt);
  return anywhere;
}

/* advance(until, piece): in pieces of whole steps, of some `piece` ms, between which signals are heard; the same on every rank. */
static PyObject *advance(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  double until, piece;
  if (!PyArg_ParseTuple(words, "dd", &until, &piece) || !enter(self)) return NULL;
  const double step = volley_run_step(self->run);
  piece = fmax(1, round(piece / step)) * step;
  volley_status status = VOLLEY_OK;
  for (double at = volley_run_time(self->run), next = at; status == VOLLEY_OK; at = next) {
    next = at + piece < until ? at + piece : until;
    Py_BEGIN_ALLOW_THREADS;
    status = volley_run_advance(self->run, next);
    Py_END_ALLOW_THREADS;
    if (status != VOLLEY_OK || !(next < until)) break;
    if (is_interrupted(self)) {
      atomic_store(&is_busy, false);
      return NULL;
    }
  }
  return leave(status, "the simulation ended with a fault");
}

static PyObject *save(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *file;
  if (!PyArg_ParseTuple(words, "s", &file) || !enter(self)) return NULL;
  volley_status status;
  Py_BEGIN_ALLOW_THREADS;
  status = volley_run_save(self->run, file);
  Py_END_ALLOW_THREADS;
  return leave(status, "the checkpoint cannot be written");
}

/* ---- Looking and changing. */

/* take_spikes(population) -> (bytes of float64 times, bytes of uint32 indices) */
static PyObject *take_spikes(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *population;
  const double *times = NULL;
  const uint32_t *indices = NULL;
  size_t n = 0;
  if (!PyArg_ParseTuple(words, "s", &population) || !enter(self)) return NULL;
  const volley_status status = volley_run_take_spikes(self->run, population, &times, &indices, &n);
  PyObject *result = status == VOLLEY_OK
                         ? Py_BuildValue("y#y#", n ? (const char *)times : "", (Py_ssize_t)(n * sizeof *times),
                                         n ? (const char *)indices : "", (Py_ssize_t)(n * sizeof *indices))
                         : NULL;
  PyObject *done = leave(status, "spikes cannot be taken");
  Py_XDECREF(done);
  return result;
}

static PyObject *get_state(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *population, *state;
  if (!PyArg_ParseTuple(words, "ss", &population, &state) || !enter(self)) return NULL;
  const size_t size = volley_run_size(self->run, population);
  PyObject *values = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(size * sizeof(double)));
  volley_status status = VOLLEY_FAILURE;
  if (values) /* written into before anybody else has seen it */
    status = volley_run_get_state(self->run, population, state, (double *)(void *)PyBytes_AS_STRING(values));
  PyObject *done = leave(status, "states cannot be read");
  if (!done) Py_CLEAR(values);
  Py_XDECREF(done);
  return values;
}

/* get_synapses(projection, state) -> bytes of float64 */
static PyObject *get_synapses(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *projection, *state;
  const double *values = NULL;
  uint64_t n = 0;
  if (!PyArg_ParseTuple(words, "ss", &projection, &state) || !enter(self)) return NULL;
  const volley_status status = volley_run_get_synapses(self->run, projection, state, &values, &n);
  PyObject *result =
      status == VOLLEY_OK ? PyBytes_FromStringAndSize((const char *)values, (Py_ssize_t)(n * sizeof *values)) : NULL;
  PyObject *done = leave(status, "states of synapses cannot be read");
  Py_XDECREF(done);
  return result;
}

/* set_synapses(projection, state, buffer of float64) */
static PyObject *set_synapses(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *projection, *state;
  Py_buffer values;
  if (!PyArg_ParseTuple(words, "ssy*", &projection, &state, &values)) return NULL;
  PyObject *result = NULL;
  if (enter(self))
    result =
        leave(volley_run_set_synapses(self->run, projection, state, values.buf, (uint64_t)values.len / sizeof(double)),
              "states of synapses cannot be set");
  PyBuffer_Release(&values);
  return result;
}

/* What sets one value a neuron of a population; state is NULL for currents. */
static PyObject *set_values(simulation *self, const char *population, const char *state, Py_buffer *values) {
  if (!enter(self)) {
    PyBuffer_Release(values);
    return NULL;
  }
  const size_t size = volley_run_size(self->run, population);
  volley_status status = VOLLEY_USAGE;
  if (size > 0 && (size_t)values->len != size * sizeof(double)) {
    PyErr_Format(fault_type, "population '%s': %zu values are expected, one a neuron, not %zd", population, size,
                 values->len / (Py_ssize_t)sizeof(double));
    PyBuffer_Release(values);
    atomic_store(&is_busy, false);
    return NULL;
  }
  status = state ? volley_run_set_state(self->run, population, state, values->buf)
                 : volley_run_inject(self->run, population, values->buf);
  PyBuffer_Release(values);
  return leave(status, "values cannot be set");
}

static PyObject *set_state(PyObject *object, PyObject *words) {
  const char *population, *state;
  Py_buffer values;
  if (!PyArg_ParseTuple(words, "ssy*", &population, &state, &values)) return NULL;
  return set_values((simulation *)object, population, state, &values);
}

static PyObject *inject(PyObject *object, PyObject *words) {
  const char *population;
  Py_buffer values;
  if (!PyArg_ParseTuple(words, "sy*", &population, &values)) return NULL;
  return set_values((simulation *)object, population, NULL, &values);
}

/* assign(assignments): a tuple of texts, all or none of them */
static PyObject *assign(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  PyObject *texts;
  if (!PyArg_ParseTuple(words, "O!", &PyTuple_Type, &texts)) return NULL;
  const Py_ssize_t n = PyTuple_Size(texts);
  const char **sets = PyMem_Malloc((size_t)(n + 1) * sizeof *sets);
  if (!sets) return PyErr_NoMemory();
  PyObject *result = NULL;
  Py_ssize_t known = 0;
  while (known < n && (sets[known] = PyUnicode_AsUTF8(PyTuple_GetItem(texts, known)))) known++;
  if (known == n && enter(self)) result = leave(volley_run_set(self->run, sets, (int)n), "this cannot be set");
  PyMem_Free((void *)sets);
  return result;
}

/* about() -> (ms, neurons, synapses, spikes, digest) */
static PyObject *about(PyObject *object, PyObject *unused) {
  simulation *self = (simulation *)object;
  char digest[VOLLEY_DIGEST_TEXT];
  (void)unused;
  if (!enter(self)) return NULL;
  volley_run_digest(self->run, digest);
  PyObject *result = Py_BuildValue(
      "dKKKs", volley_run_time(self->run), (unsigned long long)volley_run_neurons(self->run),
      (unsigned long long)volley_run_synapses(self->run), (unsigned long long)volley_run_spikes(self->run), digest);
  atomic_store(&is_busy, false);
  return result;
}

static PyObject *get_time(PyObject *object, PyObject *unused) {
  simulation *self = (simulation *)object;
  (void)unused;
  if (!enter(self)) return NULL;
  PyObject *result = PyFloat_FromDouble(volley_run_time(self->run));
  atomic_store(&is_busy, false);
  return result;
}

static PyObject *ended_early(PyObject *object, PyObject *unused) {
  simulation *self = (simulation *)object;
  (void)unused;
  if (!enter(self)) return NULL;
  PyObject *result = Py_BuildValue("z", volley_run_ended_early(self->run));
  atomic_store(&is_busy, false);
  return result;
}

static PyObject *resolve(PyObject *object, PyObject *unused) {
  simulation *self = (simulation *)object;
  (void)unused;
  if (!enter(self)) return NULL;
  PyObject *result = PyUnicode_FromString(volley_experiment_resolve(self->experiment));
  atomic_store(&is_busy, false);
  return result;
}

static PyObject *size_of(PyObject *object, PyObject *words) {
  simulation *self = (simulation *)object;
  const char *population;
  if (!PyArg_ParseTuple(words, "s", &population) || !enter(self)) return NULL;
  PyObject *result = PyLong_FromUnsignedLong(volley_run_size(self->run, population));
  atomic_store(&is_busy, false);
  return result;
}

/* agree(handle, fine): whether all ranks are */
static PyObject *agree(PyObject *module, PyObject *words) {
  unsigned long long handle;
  int fine, all;
  (void)module;
  if (!PyArg_ParseTuple(words, "Kp", &handle, &fine) || !start_mpi()) return NULL;
  MPI_Allreduce(&fine, &all, 1, MPI_INT, MPI_MIN, communicator(handle));
  return PyBool_FromLong(all);
}

/* rank(handle) -> (rank, ranks) of a communicator */
static PyObject *rank_of(PyObject *module, PyObject *words) {
  unsigned long long handle;
  int rank, ranks;
  (void)module;
  if (!PyArg_ParseTuple(words, "K", &handle) || !start_mpi()) return NULL;
  MPI_Comm_rank(communicator(handle), &rank);
  MPI_Comm_size(communicator(handle), &ranks);
  return Py_BuildValue("ii", rank, ranks);
}

static PyMethodDef methods[] = {{"close", end, METH_NOARGS, NULL},
                                {"advance", advance, METH_VARARGS, NULL},
                                {"save", save, METH_VARARGS, NULL},
                                {"take_spikes", take_spikes, METH_VARARGS, NULL},
                                {"get_state", get_state, METH_VARARGS, NULL},
                                {"get_synapses", get_synapses, METH_VARARGS, NULL},
                                {"set_synapses", set_synapses, METH_VARARGS, NULL},
                                {"set_state", set_state, METH_VARARGS, NULL},
                                {"inject", inject, METH_VARARGS, NULL},
                                {"assign", assign, METH_VARARGS, NULL},
                                {"about", about, METH_NOARGS, NULL},
                                {"time", get_time, METH_NOARGS, NULL},
                                {"ended_early", ended_early, METH_NOARGS, NULL},
                                {"resolve", resolve, METH_NOARGS, NULL},
                                {"size", size_of, METH_VARARGS, NULL},
                                {NULL, NULL, 0, NULL}};
static PyType_Slot slots[] = {{Py_tp_dealloc, (void *)(intptr_t)forget}, {Py_tp_methods, methods}, {0, NULL}};
static PyType_Spec spec = {"volley._simulation.Handle", sizeof(simulation), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

/* use(error): the type of exceptions */
static PyObject *use(PyObject *module, PyObject *type) {
  (void)module;
  Py_XSETREF(fault_type, Py_NewRef(type));
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {{"make", make, METH_VARARGS, NULL},
                                  {"rank", rank_of, METH_VARARGS, NULL},
                                  {"agree", agree, METH_VARARGS, NULL},
                                  {"use", use, METH_O, NULL},
                                  {NULL, NULL, 0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "volley._simulation", .m_size = -1,
                                 .m_methods = functions};

PyMODINIT_FUNC PyInit__simulation(void) {
  PyObject *module = PyModule_Create(&definition);
  PyObject *type = module ? PyType_FromSpec(&spec) : NULL;
  if (!type || PyModule_AddObject(module, "Handle", type) < 0) return NULL;
  return module;
}
