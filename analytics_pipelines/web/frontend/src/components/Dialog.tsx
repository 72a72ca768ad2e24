import { type ReactNode, useEffect, useId, useRef } from "react";

interface Props {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog; the browser keeps the focus inside, and gives it back at the end. */
export function Dialog({ title, onClose, children }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onClose={onClose}
      // A click on the backdrop is one on the dialog itself.
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="dialog-body">
        <div className="card-header">
          <h2 id={id}>{title}</h2>
          <button type="button" className="button small" onClick={close}>
            Close
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
