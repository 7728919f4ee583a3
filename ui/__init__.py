"""The only Streamlit code that pages share. It reads the engine and draws; it computes nothing."""
