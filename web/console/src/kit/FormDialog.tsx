import { Alert, Form, Modal, type FormInstance } from "antd";
import type { ReactNode } from "react";
import type { ApiError } from "@/api/client";
import { useLanguage } from "@/i18n";

interface FormDialogProps<Wanted extends object> {
  form: FormInstance<Wanted>;
  title: ReactNode;
  /** What the button says; "save" where nothing else is said. */
  does?: string;
  initialValues: Partial<Wanted>;
  saving: { isPending: boolean; error: ApiError | null };
  onFinish: (wanted: Wanted) => void;
  onClose: () => void;
  width?: number;
  /** `NAME-save` is the button, `NAME-error` what went wrong. */
  name: string;
  children: ReactNode;
}

/** A dialog with one form: its button sends, a refusal stands above the fields and nothing that was typed is lost. */
export function FormDialog<Wanted extends object>(props: FormDialogProps<Wanted>) {
  const { form, title, does, initialValues, saving, onFinish, onClose, width, name, children } = props;
  const { t, w } = useLanguage();
  return (
    <Modal
      open
      width={width}
      title={title}
      okText={does ?? t("form.save")}
      okButtonProps={{ "data-testid": `${name}-save` }}
      confirmLoading={saving.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form form={form} layout="vertical" initialValues={initialValues} onFinish={onFinish}>
        {saving.error && (
          <Alert
            type="error"
            showIcon
            title={w(saving.error.words)}
            description={saving.error.place}
            className="gap"
            data-testid={`${name}-error`}
          />
        )}
        {children}
      </Form>
    </Modal>
  );
}
