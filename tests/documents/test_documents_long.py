"""The commands of the documents as they are written, also those that take minutes."""
import test_documents

test_documents.main(is_long=True)
test_documents.finish()
